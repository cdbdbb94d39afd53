/** Who did what, in a chain that shows when somebody has changed it. */
import { useState } from 'preact/hooks'
import type { AuditEntry, AuditVerdict } from '../../audit/audit.js'
import { ask } from '../api.js'
import { exact, moment } from '../format.js'
import { useList } from '../list.js'
import { Icon } from '../parts/icon.js'
import { More } from '../parts/more.js'
import { Card, Page, Time } from '../parts/page.js'
import { Empty, Failed, Loaded } from '../parts/states.js'
import { type Column, Table } from '../parts/table.js'
import { go } from '../router.js'
import { me } from '../session.js'

const filters = [
  ['action', 'Action', 'key.create'],
  ['tenant', 'Tenant', 'default'],
  ['actor', 'Actor', "a key's id"],
  ['target', 'Target', "a key's id"],
] as const

/** @param of what was done */
export function AuditPage({ of }: { readonly of: string }) {
  const [query, setQuery] = useState(of && `?action=${encodeURIComponent(of)}`)
  const entries = useList<AuditEntry>(`/v1/admin/audit${query}`, 'before')
  const filter = (form: HTMLFormElement) => {
    const given = [...new FormData(form)].flatMap(([name, value]) => (value === '' ? [] : [[name, String(value)]]))
    setQuery(given.length === 0 ? '' : `?${new URLSearchParams(given)}`)
  }
  return (
    <Page
      title="Audit"
      about="Who did what, and when. Each entry seals the one before it."
      actions={me().administrator && <Verify />}
    >
      <form
        class="filters"
        onSubmit={(event) => event.preventDefault()}
        onChange={(event) => filter(event.currentTarget)}
        onReset={() => {
          setQuery('')
          go('audit')
        }}
      >
        {filters.map(([name, label, example]) => (
          <label key={name} class="inline">
            <span>{label}</span>
            <input
              name={name}
              size={12}
              autocomplete="off"
              spellcheck={false}
              placeholder={example}
              defaultValue={name === 'action' ? of : ''}
            />
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
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="audit" title={query ? 'Nothing of that kind' : 'Nothing yet'} />
            ) : (
              <>
                <Table columns={columns} rows={items} keyOf={({ seq }) => String(seq)} />
                <More of={entries} />
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

const columns: readonly Column<AuditEntry>[] = [
  { head: 'When', cell: ({ at }) => <Time at={at} as={moment} /> },
  { head: 'Action', as: 'name', cell: ({ action }) => <code>{action}</code> },
  { head: 'Tenant', class: 'long', cell: ({ tenant }) => tenant },
  { head: 'Target', class: 'code', cell: ({ target }) => target },
  { head: 'Actor', class: 'code', cell: ({ actor }) => actor },
  { head: 'More', class: 'code small', cell: ({ detail }) => detail && detailOf(detail) },
  {
    head: 'Seal',
    class: 'code small muted extra',
    cell: ({ seq, hash }) => <span title={`${hash}, of entry ${seq}`}>{hash.slice(0, 8)}</span>,
  },
]

const detailOf = (detail: object): string =>
  Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ')
