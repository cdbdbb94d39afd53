/** What a tenant's calls are held to: written here, tried, compared, put in force, and put back. */
import { useEffect, useState } from 'preact/hooks'
import type { PolicyVersion } from '../../policies.js'
import type { Tenant } from '../../tenants.js'
import { ask } from '../api.js'
import { useList } from '../list.js'
import { FormDialog } from '../parts/dialog.js'
import { Diff } from '../parts/diff-view.js'
import { Editor } from '../parts/editor.js'
import { Ago, Badge, Card, Page } from '../parts/page.js'
import { Failed, Loaded, Loading } from '../parts/states.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { toast } from '../parts/toast.js'
import { examples } from '../policy-examples.js'
import { useResource } from '../resource.js'
import { go } from '../router.js'
import { useVerdict } from '../verdict.js'

/** What was written and not put in force, by tenant: it is still there when somebody comes back from another page. */
const drafts = new Map<string, string>()

const textOf = ({ policy }: PolicyVersion): string => JSON.stringify(policy, null, 2)
const pathOf = (tenant: string): string => `/v1/admin/tenants/${encodeURIComponent(tenant)}/policy`

export function PoliciesPage({ of }: { readonly of: string }) {
  const tenants = useList<Tenant>('/v1/admin/tenants?limit=1000')
  const all = tenants.value?.items ?? []
  const tenant = of || all[0]?.slug || ''
  return (
    <Page title="Policies" about="What the calls of a tenant are held to. Clients take up a change within a moment.">
      <div class="filters">
        <TenantSelect tenants={all} value={tenant} onChange={(slug) => go('policies', slug)} />
      </div>
      {tenants.error !== undefined && <Failed error={tenants.error} onRetry={tenants.reload} />}
      {tenant && <PolicyOf key={tenant} tenant={tenant} />}
    </Page>
  )
}

function PolicyOf({ tenant }: { readonly tenant: string }) {
  const inForce = useResource<PolicyVersion>(pathOf(tenant))
  const history = useResource<{ readonly items: readonly PolicyVersion[] }>(`${pathOf(tenant)}/history`)
  const [draft, keepDraft] = useState(drafts.get(tenant))
  const setDraft = (draft: string | undefined) => {
    if (draft === undefined) drafts.delete(tenant)
    else drafts.set(tenant, draft)
    keepDraft(draft)
  }
  const [rollback, setRollback] = useState<PolicyVersion>()
  const changed = (text: string) => {
    setDraft(undefined)
    setRollback(undefined)
    inForce.reload()
    history.reload()
    toast(text)
  }
  if (inForce.error !== undefined) return <Failed error={inForce.error} onRetry={inForce.reload} />
  if (!inForce.value) return <Loading rows={8} />
  const before = textOf(inForce.value)
  return (
    <div class="columns">
      <Writing tenant={tenant} inForce={inForce.value} draft={draft} onDraft={setDraft} onSet={changed} />
      <div>
        <Card title="What changes">
          <Diff before={before} after={draft ?? before} />
        </Card>
        <Card title="History">
          <Loaded resource={history}>
            {({ items }) => (
              <History
                items={items}
                inForce={inForce.value?.version ?? 0}
                onOpen={(it) => setDraft(textOf(it))}
                onRollback={setRollback}
              />
            )}
          </Loaded>
        </Card>
      </div>
      {rollback && (
        <FormDialog
          title={`Go back to version ${rollback.version}?`}
          action="Roll back"
          onClose={() => setRollback(undefined)}
          onSubmit={async () => {
            const { version } = await ask<PolicyVersion>(`${pathOf(tenant)}/rollback`, {
              method: 'POST',
              body: { version: rollback.version },
            })
            changed(`Version ${rollback.version} is in force again, as version ${version}.`)
          }}
        >
          <p>It is put in force again as a new version. Nothing of the history is lost.</p>
          <Diff before={textOf(inForce.value)} after={textOf(rollback)} />
        </FormDialog>
      )}
    </div>
  )
}

interface WritingProps {
  readonly tenant: string
  readonly inForce: PolicyVersion
  readonly draft: string | undefined
  readonly onDraft: (draft: string | undefined) => void
  readonly onSet: (text: string) => void
}

function Writing({ tenant, inForce, draft, onDraft, onSet }: WritingProps) {
  const before = textOf(inForce)
  const text = draft ?? before
  const verdict = useVerdict(draft === undefined ? undefined : draft, `${pathOf(tenant)}?dry_run`)
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  // What failed was another text.
  useEffect(() => setFailure(undefined), [text])
  const set = async () => {
    setBusy(true)
    try {
      const { version } = await ask<PolicyVersion>(pathOf(tenant), { method: 'PUT', body: JSON.parse(text) })
      onSet(`Version ${version} is in force.`)
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const differs = draft !== undefined && draft !== before
  return (
    <Card
      title="Policy"
      aside={
        <span class="muted">
          {inForce.version === 0 ? (
            'the default of this relay is in force'
          ) : (
            <>
              version {inForce.version} in force, <Ago at={inForce.at} />
            </>
          )}
        </span>
      }
    >
      <Editor label="Policy as JSON" value={text} badLine={verdict.line} onChange={onDraft} />
      <div class={`verdict ${verdict.state}`} role="status">
        {draft === undefined ? 'Change it here. It is checked as you write.' : verdict.text}
      </div>
      {failure !== undefined && <Failed error={failure} />}
      <footer class="bar">
        <label class="inline">
          <span class="unseen">Add an example</span>
          <select
            value=""
            onChange={({ currentTarget }) => {
              const example = examples.find(({ name }) => name === currentTarget.value)
              if (example) onDraft(example.addTo(text))
              currentTarget.value = ''
            }}
          >
            <option value="">Add an example…</option>
            {examples.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <span class="gap" />
        <button type="button" disabled={draft === undefined} onClick={() => onDraft(undefined)}>
          Discard
        </button>
        <button type="button" class="primary" disabled={!differs || verdict.state !== 'good' || busy} onClick={set}>
          Put in force
        </button>
      </footer>
    </Card>
  )
}

interface HistoryProps {
  readonly items: readonly PolicyVersion[]
  readonly inForce: number
  readonly onOpen: (version: PolicyVersion) => void
  readonly onRollback: (version: PolicyVersion) => void
}

function History({ items, inForce, onOpen, onRollback }: HistoryProps) {
  if (items.length === 0) return <p class="muted pad">No version yet. The first that you put in force stands here.</p>
  return (
    <ol class="history">
      {items.map((it) => (
        <li key={it.version}>
          <span class="version">v{it.version}</span>
          <span>
            <Ago at={it.at} /> <span class="muted">by</span> <code>{it.actor}</code>
          </span>
          {it.version === inForce && <Badge tone="good">in force</Badge>}
          <span class="pair-of-buttons">
            <button type="button" class="quiet" aria-label={`Open version ${it.version}`} onClick={() => onOpen(it)}>
              Open
            </button>
            {it.version !== inForce && (
              <button
                type="button"
                class="quiet"
                aria-label={`Roll back to version ${it.version}`}
                onClick={() => onRollback(it)}
              >
                Roll back
              </button>
            )}
          </span>
        </li>
      ))}
    </ol>
  )
}
