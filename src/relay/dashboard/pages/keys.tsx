/** Virtual keys: made, shown once, turned over and taken back. */
import { useState } from 'preact/hooks'
import type { KeyRecord } from '../../keys.js'
import type { Tenant } from '../../tenants.js'
import { ask } from '../api.js'
import { day } from '../format.js'
import { useList } from '../list.js'
import { Dialog, FormDialog } from '../parts/dialog.js'
import { Icon } from '../parts/icon.js'
import { Ago, Badge, Card, CopyButton, Page, type Tone } from '../parts/page.js'
import { Empty, Loaded } from '../parts/states.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { toast } from '../parts/toast.js'
import { go } from '../router.js'
import { ownId } from '../session.js'
import { CreateKey } from './create-key.js'
import { More } from './tenants.js'

/** As it is answered once. */
export type MadeKey = KeyRecord & { readonly key: string }

type Asked =
  | { readonly what: 'create' }
  | { readonly what: 'show'; readonly made: MadeKey }
  | { readonly what: 'rotate' | 'revoke'; readonly record: KeyRecord }

export function KeysPage({ of }: { readonly of: string }) {
  const tenants = useList<Tenant>('/v1/admin/tenants?limit=1000')
  const keys = useList<KeyRecord>(`/v1/admin/keys${of && `?tenant=${encodeURIComponent(of)}`}`)
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const made = (made: MadeKey) => {
    keys.reload()
    setAsked({ what: 'show', made })
  }
  const revoked = () => {
    keys.reload()
    close()
    toast('The key is revoked.')
  }
  const all = tenants.value?.items ?? []
  const create = (
    <button type="button" class="primary" disabled={all.length === 0} onClick={() => setAsked({ what: 'create' })}>
      <Icon name="plus" /> New key
    </button>
  )
  return (
    <Page title="Keys" about="What clients and callers show to the relay. A key is shown once and kept nowhere." actions={create}>
      <div class="filters">
        <TenantSelect tenants={all} value={of} all="All tenants" onChange={(slug) => go('keys', slug)} />
      </div>
      <Card>
        <Loaded resource={keys}>
          {({ items, next }) =>
            items.length === 0 ? (
              <Empty icon="keys" title={of ? `${of} has no key yet` : 'No key yet'}>
                <p>A key tells the relay whose call it is, and what its owner may do.</p>
                {create}
              </Empty>
            ) : (
              <>
                <Table items={items} onAsk={setAsked} />
                {next !== undefined && <More onMore={keys.more} />}
              </>
            )
          }
        </Loaded>
      </Card>
      {asked?.what === 'create' && <CreateKey tenants={all} tenant={of} onClose={close} onMade={made} />}
      {asked?.what === 'show' && <ShowKey made={asked.made} onClose={close} />}
      {asked?.what === 'rotate' && <Rotate record={asked.record} onClose={close} onMade={made} />}
      {asked?.what === 'revoke' && <Revoke record={asked.record} onClose={close} onDone={revoked} />}
    </Page>
  )
}

function stateOf({ revokedAt, expiresAt, rotatedTo }: KeyRecord): readonly [tone: Tone, text: string] {
  if (revokedAt !== undefined) return ['bad', 'revoked']
  if (expiresAt !== undefined && expiresAt <= Date.now()) return ['plain', rotatedTo ? 'rotated' : 'expired']
  return rotatedTo ? ['odd', 'rotating'] : ['good', 'active']
}

function Table({ items, onAsk }: { readonly items: readonly KeyRecord[]; readonly onAsk: (asked: Asked) => void }) {
  return (
    <div class="scroll">
      <table class="stack">
        <thead>
          <tr>
            <th scope="col">Key</th>
            <th scope="col">Status</th>
            <th scope="col">Tenant</th>
            <th scope="col">For</th>
            <th scope="col">Last used</th>
            <th scope="col">Created</th>
            <th scope="col">Ends</th>
            <th scope="col">
              <span class="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {items.map((record) => {
            const [tone, text] = stateOf(record)
            const usable = tone === 'good' || tone === 'odd'
            return (
              <tr key={record.id} class={usable ? '' : 'past'}>
                <th scope="row">
                  <span class="name">{record.name || 'without a name'}</span>
                  <span class="under code">{record.prefix}…</span>
                </th>
                <td data-label="Status">
                  <Badge tone={tone}>{text}</Badge>
                </td>
                <td data-label="Tenant">
                  {record.tenant}
                  {record.user && <span class="under">{record.user}</span>}
                </td>
                <td data-label="For" class="scopes">
                  {record.scopes.join(', ')}
                </td>
                <td data-label="Last used">
                  {record.lastUsedAt === undefined ? <span class="muted">never</span> : <Ago at={record.lastUsedAt} />}
                </td>
                <td data-label="Created">
                  <Ago at={record.createdAt} />
                </td>
                <td data-label="Ends">
                  {record.expiresAt === undefined ? <span class="muted">never</span> : day(record.expiresAt)}
                </td>
                <td class="row-actions">
                  {usable && (
                    <>
                      {!record.rotatedTo && (
                        <button
                          type="button"
                          class="quiet"
                          aria-label={`Rotate ${record.name || record.prefix}`}
                          onClick={() => onAsk({ what: 'rotate', record })}
                        >
                          Rotate
                        </button>
                      )}
                      <button
                        type="button"
                        class="quiet risky"
                        aria-label={`Revoke ${record.name || record.prefix}`}
                        onClick={() => onAsk({ what: 'revoke', record })}
                      >
                        Revoke
                      </button>
                    </>
                  )}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function ShowKey({ made, onClose }: { readonly made: MadeKey; readonly onClose: () => void }) {
  return (
    <Dialog title="Copy your key now" onClose={onClose} sticky>
      <div class="fields">
        <p>
          This is the only time that <strong>{made.name || made.prefix}</strong> is shown. The relay keeps no copy.
        </p>
        <output class="secret code">{made.key}</output>
        <p class="hint">
          Give it to a client as <code>LEASH_RELAY_KEY</code>, or to any SDK as its API key with this relay as its base URL.
        </p>
      </div>
      <footer>
        <button type="button" onClick={onClose}>
          Done
        </button>
        <CopyButton text={made.key} />
      </footer>
    </Dialog>
  )
}

interface OfKey {
  readonly record: KeyRecord
  readonly onClose: () => void
}

function Rotate({ record, onClose, onMade }: OfKey & { readonly onMade: (made: MadeKey) => void }) {
  const submit = async () =>
    onMade(await ask<MadeKey>(`/v1/admin/keys/${encodeURIComponent(record.id)}/rotate`, { method: 'POST' }))
  return (
    <FormDialog title={`Rotate ${record.name || record.prefix}?`} action="Rotate key" onClose={onClose} onSubmit={submit}>
      <p>
        You are given another key with the same rights. This one goes on for another day, so that you can put the new one in its
        place.
      </p>
    </FormDialog>
  )
}

function Revoke({ record, onClose, onDone }: OfKey & { readonly onDone: () => void }) {
  const submit = async () => {
    await ask(`/v1/admin/keys/${encodeURIComponent(record.id)}/revoke`, { method: 'POST' })
    onDone()
  }
  return (
    <FormDialog title={`Revoke ${record.name || record.prefix}?`} action="Revoke key" danger onClose={onClose} onSubmit={submit}>
      <p>
        <code>{record.prefix}…</code> opens nothing from now on. Programs that still use it fail. This cannot be undone.
      </p>
      {record.id === ownId() && <p class="problem">You are signed in with this key: it would sign you out.</p>}
    </FormDialog>
  )
}
