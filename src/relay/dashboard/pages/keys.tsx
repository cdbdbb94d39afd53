/** Virtual keys: made, shown once, turned over and taken back. */
import { useState } from 'preact/hooks'
import type { KeyRecord } from '../../keys/keys.js'
import { ask } from '../api.js'
import { day } from '../format.js'
import { useList } from '../list.js'
import { FormDialog } from '../parts/dialog.js'
import { Icon } from '../parts/icon.js'
import { More } from '../parts/more.js'
import { Badge, Card, Page, Time, type Tone } from '../parts/page.js'
import { Secret } from '../parts/secret.js'
import { Empty, Loaded } from '../parts/states.js'
import { Action, type Column, Table, whose } from '../parts/table.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { toast } from '../parts/toast.js'
import { go, hrefOf } from '../router.js'
import { may, me, tenantIn } from '../session.js'
import { useTenants } from '../tenant-list.js'
import { CreateKey, ofRelay } from './create-key.js'
import { grantable } from './users.js'

/** As it is answered once. */
export type MadeKey = KeyRecord & { readonly key: string }

type Asked =
  | { readonly what: 'create' }
  | { readonly what: 'show'; readonly made: MadeKey }
  | { readonly what: 'rotate' | 'revoke'; readonly record: KeyRecord }

export function KeysPage({ of: wanted }: { readonly of: string }) {
  const of = tenantIn(wanted)
  const tenants = useTenants()
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
  const { all } = tenants
  const create = may('keys:write') && (
    <button type="button" class="primary" disabled={all.length === 0} onClick={() => setAsked({ what: 'create' })}>
      <Icon name="plus" /> New key
    </button>
  )
  return (
    <Page
      title="Keys"
      about="What clients and callers show to the relay. A key is shown once and kept nowhere."
      actions={
        <>
          <TenantSelect tenants={all} value={of} all="All tenants" onChange={(slug) => go('keys', slug)} />
          {create}
        </>
      }
    >
      <Card>
        <Loaded resource={keys}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="keys" title={of ? `${of} has no key yet` : 'No key yet'}>
                <p>A key tells the relay whose call it is, and what its owner may do.</p>
                {create}
              </Empty>
            ) : (
              <>
                <Table columns={columnsOf(setAsked)} rows={items} keyOf={({ id }) => id} past={(record) => !isUsable(record)} />
                <More of={keys} />
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

const isUsable = (record: KeyRecord): boolean => {
  const [tone] = stateOf(record)
  return tone === 'good' || tone === 'odd'
}

/** What nobody may who has a lower role, or belongs to a tenant, is not offered. */
const mayChange = ({ role, scopes }: KeyRecord): boolean =>
  me().administrator ||
  (may('keys:write') &&
    !scopes.some((scope) => ofRelay.includes(scope)) &&
    (role === undefined || role === me().role || grantable().includes(role)))

const never = <span class="muted">never</span>

const columnsOf = (onAsk: (asked: Asked) => void): readonly Column<KeyRecord>[] => [
  {
    head: 'Key',
    as: 'name',
    cell: ({ name, prefix }) => (
      <>
        <span class="name">{name || 'without a name'}</span>
        <span class="under code">{prefix}…</span>
      </>
    ),
  },
  {
    head: 'Status',
    cell: (record) => {
      const [tone, text] = stateOf(record)
      return <Badge tone={tone}>{text}</Badge>
    },
  },
  whose,
  { head: 'For', class: 'scopes', cell: ({ scopes, role }) => [...scopes, ...(role ? [`the role ${role}`] : [])].join(', ') },
  {
    head: 'Last used',
    cell: ({ lastUsedAt }) => (lastUsedAt === undefined ? never : <Time at={lastUsedAt} />),
  },
  {
    head: 'Ends',
    cell: ({ expiresAt }) => (expiresAt === undefined ? never : <Time at={expiresAt} as={day} />),
  },
  {
    head: 'Actions',
    as: 'actions',
    cell: (record) => {
      const called = record.name || record.prefix
      const changes = mayChange(record)
      return (
        isUsable(record) && (
          <>
            {may('policy:read') && (
              <a
                class="button quiet"
                href={hrefOf('policies', `${record.tenant}/${record.id}`)}
                aria-label={`Policy of ${called}`}
              >
                Policy
              </a>
            )}
            {changes && !record.rotatedTo && <Action text="Rotate" to={called} onDo={() => onAsk({ what: 'rotate', record })} />}
            {changes && <Action text="Revoke" to={called} risky onDo={() => onAsk({ what: 'revoke', record })} />}
          </>
        )
      )
    },
  },
]

function ShowKey({ made, onClose }: { readonly made: MadeKey; readonly onClose: () => void }) {
  return (
    <Secret
      title="Copy your key now"
      secret={made.key}
      onClose={onClose}
      hint={
        <>
          Give it to a client as <code>LEASH_RELAY_KEY</code>, or to any SDK as its API key with this relay as its base URL.
        </>
      }
    >
      This is the only time that <strong>{made.name || made.prefix}</strong> is shown. The relay keeps no copy.
    </Secret>
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
      {record.id === me().id && <p class="problem">You are signed in with this key: it would sign you out.</p>}
    </FormDialog>
  )
}
