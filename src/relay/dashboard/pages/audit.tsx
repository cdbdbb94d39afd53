/** Who did what, in a chain that shows when somebody has changed it. */
import { useState } from 'preact/hooks'
import type { AuditEntry, AuditVerdict } from '../../audit.js'
import { ask } from '../api.js'
import { exact, moment } from '../format.js'
import { useList } from '../list.js'
import { Icon } from '../parts/icon.js'
import { Card, Page } from '../parts/page.js'
import { Empty, Failed, Loaded } from '../parts/states.js'
import { More } from './tenants.js'

const filters = [
  ['action', 'Action', 'key.create'],
  ['tenant', 'Tenant', 'default'],
  ['actor', 'Actor', "a key's id"],
  ['target', 'Target', "a key's id"],
] as const

export function AuditPage() {
  const [query, setQuery] = useState('')
  const entries = useList<AuditEntry>(`/v1/admin/audit${query}`, 'before')
  const filter = (form: HTMLFormElement) => {
    const given = [...new FormData(form)].flatMap(([name, value]) => (value === '' ? [] : [[name, String(value)]]))
    setQuery(given.length === 0 ? '' : `?${new URLSearchParams(given)}`)
  }
  return (
    <Page title="Audit" about="Who did what, and when. Each entry seals the one before it." actions={<Verify />}>
      <form
        class="filters"
        onSubmit={(event) => event.preventDefault()}
        onChange={(event) => filter(event.currentTarget)}
        onReset={() => setQuery('')}
      >
        {filters.map(([name, label, example]) => (
          <label key={name} class="inline">
            <span>{label}</span>
            <input name={name} size={12} autocomplete="off" spellcheck={false} placeholder={example} />
          </label>
        ))}
        {query && (
          <button type="reset" class="quiet">
            Clear
          </button>
        )}
      </form>
      <Card>
        <Loaded resource={entries}>
          {({ items, next }) =>
            items.length === 0 ? (
              <Empty icon="audit" title={query ? 'Nothing of that kind' : 'Nothing yet'} />
            ) : (
              <>
                <Table items={items} />
                {next !== undefined && <More onMore={entries.more} />}
              </>
            )
          }
        </Loaded>
      </Card>
    </Page>
  )
}

function Verify() {
  const [found, setFound] = useState<AuditVerdict>()
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  const verify = async () => {
    setBusy(true)
    setError(undefined)
    try {
      setFound(await ask<AuditVerdict>('/v1/admin/audit/verify'))
    } catch (error) {
      setError(error)
    } finally {
      setBusy(false)
    }
  }
  return (
    <>
      <output class="proof">
        {found?.ok && (
          <span class="good" title={`The newest is sealed by ${found.head}`}>
            <Icon name="check" /> {exact(found.entries)} {found.entries === 1 ? 'entry' : 'entries'}, unbroken
          </span>
        )}
        {found && !found.ok && (
          <span class="bad">
            <Icon name="alert" /> Broken at {found.seq}: {found.why}
          </span>
        )}
      </output>
      {error !== undefined && <Failed error={error} />}
      <button type="button" onClick={verify} disabled={busy}>
        <Icon name="chain" /> Verify the chain
      </button>
    </>
  )
}

function Table({ items }: { readonly items: readonly AuditEntry[] }) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col" class="number">
              #
            </th>
            <th scope="col">When</th>
            <th scope="col">Action</th>
            <th scope="col">Tenant</th>
            <th scope="col">Target</th>
            <th scope="col">Actor</th>
            <th scope="col">More</th>
            <th scope="col">Seal</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ seq, at, action, tenant, target, actor, detail, hash }) => (
            <tr key={seq}>
              <td data-label="#" class="number muted extra">
                {seq}
              </td>
              <td data-label="When" class="nowrap">
                {moment(at)}
              </td>
              <th scope="row">
                <code>{action}</code>
              </th>
              <td data-label="Tenant">{tenant}</td>
              <td data-label="Target" class="code">
                {target}
              </td>
              <td data-label="Actor" class="code">
                {actor}
              </td>
              <td data-label="More" class="code small">
                {detail && Object.keys(detail).length > 0 ? detailOf(detail) : ''}
              </td>
              <td data-label="Seal" class="code small muted extra" title={hash}>
                {hash.slice(0, 8)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const detailOf = (detail: object): string =>
  Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
