/** JSON that is written in versions: tried while it is written, compared, put in force, and put back. */
import { useEffect, useState } from 'preact/hooks'
import { ask } from '../api.js'
import { FormDialog } from '../parts/dialog.js'
import { Diff } from '../parts/diff-view.js'
import { Editor } from '../parts/editor.js'
import { Badge, Card, Time } from '../parts/page.js'
import { Failed, Loaded, Loading } from '../parts/states.js'
import { toast } from '../parts/toast.js'
import type { Resource } from '../resource.js'
import { me } from '../session.js'
import { useVerdict } from '../verdict.js'
import { Tools } from './policy-tools.js'

export interface Version {
  readonly version: number
  readonly text: string
  /** Milliseconds since 1970. */
  readonly at: number
  readonly actor: string
}

export interface VersionsProps {
  readonly title: string
  /** What is in force where no version was ever put there. */
  readonly none: string
  readonly inForce: Resource<Version>
  readonly history: Resource<readonly Version[]>
  /** Where it is put. */
  readonly path: string
  /** The query by which it is only tried. */
  readonly dry: string
  readonly rollbackTo: string
  readonly writes: boolean
  /** Whether it is a policy, to which there are examples, and which can be tried out in the shadow. */
  readonly policy?: boolean
}

/** What somebody has written and not put in force: it is still there when they come back from another page, or sign in again. */
const drafts = new Map<string, string>()

export function Versions(props: VersionsProps) {
  const { inForce, history, path, rollbackTo, writes } = props
  const own = (me().user ?? me().id) + path
  const [draft, keepDraft] = useState(drafts.get(own))
  const setDraft = (draft: string | undefined) => {
    if (draft === undefined) drafts.delete(own)
    else drafts.set(own, draft)
    keepDraft(draft)
  }
  const [rollback, setRollback] = useState<Version>()
  const changed = (text: string) => {
    setDraft(undefined)
    setRollback(undefined)
    inForce.reload()
    history.reload()
    toast(text)
  }
  if (inForce.error !== undefined) return <Failed error={inForce.error} onRetry={inForce.reload} />
  if (!inForce.value) return <Loading />
  const now = inForce.value
  return (
    <div class="columns">
      <Writing {...props} now={now} draft={draft} onDraft={setDraft} onSet={changed} />
      <div>
        <Card title="What changes">
          <Diff before={now.text} after={draft ?? now.text} />
        </Card>
        <Card title="History">
          <Loaded resource={history}>
            {(items) => (
              <History
                items={items}
                inForce={now.version}
                onOpen={(it) => setDraft(it.text)}
                onRollback={writes ? setRollback : undefined}
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
            const body = { version: rollback.version }
            const { version } = await ask<{ readonly version: number }>(rollbackTo, { method: 'POST', body })
            changed(`Version ${rollback.version} is in force again, as version ${version}.`)
          }}
        >
          <p>It is put in force again as a new version. Nothing of the history is lost.</p>
          <Diff before={now.text} after={rollback.text} />
        </FormDialog>
      )}
    </div>
  )
}

interface WritingProps extends VersionsProps {
  readonly now: Version
  readonly draft: string | undefined
  readonly onDraft: (draft: string | undefined) => void
  readonly onSet: (text: string) => void
}

function Writing({ title, none, now, path, dry, writes, policy, draft, onDraft, onSet }: WritingProps) {
  const text = draft ?? now.text
  const verdict = useVerdict(writes ? draft : undefined, `${path}?${dry}`)
  const [failure, setFailure] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  // What failed was another text.
  useEffect(() => setFailure(undefined), [text])
  const set = async () => {
    setBusy(true)
    try {
      const { version } = await ask<{ readonly version: number }>(path, { method: 'PUT', body: JSON.parse(text) })
      onSet(`Version ${version} is in force.`)
    } catch (error) {
      setFailure(error)
    } finally {
      setBusy(false)
    }
  }
  const differs = draft !== undefined && draft !== now.text
  return (
    <Card
      title={title}
      aside={
        <span class="muted">
          {now.version === 0 ? (
            none
          ) : (
            <>
              version {now.version} in force{now.at > 0 && ', '}
              {now.at > 0 && <Time at={now.at} />}
            </>
          )}
        </span>
      }
    >
      <Editor label={`${title} as JSON`} value={text} badLine={verdict.line} onChange={writes ? onDraft : undefined} />
      {writes ? (
        <>
          <div class={`verdict ${verdict.state}`} role="status">
            {draft === undefined ? 'Change it here. It is checked as you write.' : verdict.text}
          </div>
          {failure !== undefined && <Failed error={failure} />}
          <footer class="bar">
            {policy && <Tools text={text} onChange={onDraft} />}
            <span class="gap" />
            <button type="button" disabled={draft === undefined} onClick={() => onDraft(undefined)}>
              Discard
            </button>
            <button type="button" class="primary" disabled={!differs || verdict.state !== 'good' || busy} onClick={set}>
              Put in force
            </button>
          </footer>
        </>
      ) : (
        <footer class="bar">
          <span class="muted">Your role may read it, but not change it.</span>
          <span class="gap" />
          {draft !== undefined && (
            <button type="button" onClick={() => onDraft(undefined)}>
              Back to what is in force
            </button>
          )}
        </footer>
      )}
    </Card>
  )
}

interface HistoryProps {
  readonly items: readonly Version[]
  readonly inForce: number
  readonly onOpen: (version: Version) => void
  readonly onRollback: ((version: Version) => void) | undefined
}

function History({ items, inForce, onOpen, onRollback }: HistoryProps) {
  if (items.length === 0) return <p class="muted pad">No version yet. The first one put in force appears here.</p>
  return (
    <ol class="history">
      {items.map((it) => (
        <li key={it.version}>
          <span class="version">v{it.version}</span>
          <span>
            <Time at={it.at} /> <span class="muted">by</span> <code>{it.actor}</code>
          </span>
          {it.version === inForce && <Badge tone="good">in force</Badge>}
          <span class="pair-of-buttons">
            <button type="button" class="quiet" aria-label={`Compare version ${it.version}`} onClick={() => onOpen(it)}>
              Compare
            </button>
            {it.version !== inForce && onRollback && (
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
