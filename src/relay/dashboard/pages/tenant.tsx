/** One tenant: what it brought to vendors, and what it used by the month. */
import type { ComponentChildren } from 'preact'
import { useState } from 'preact/hooks'
import type { Tenant } from '../../people/tenants.js'
import type { VendorKey } from '../../vendors/vendor-keys.js'
import { ask } from '../api.js'
import { FormDialog, typed } from '../parts/dialog.js'
import { Icon } from '../parts/icon.js'
import { Card, Page, Status, Time } from '../parts/page.js'
import { Empty, Loaded } from '../parts/states.js'
import { Action, type Column, Table } from '../parts/table.js'
import { toast } from '../parts/toast.js'
import { useResource } from '../resource.js'
import { hrefOf } from '../router.js'
import { may, me } from '../session.js'
import { Statements } from './statements.js'

export function TenantPage({ slug }: { readonly slug: string }) {
  const path = `/v1/admin/tenants/${encodeURIComponent(slug)}`
  const tenant = useResource<Tenant>(path)
  const ways: readonly (readonly [page: string, text: string, open: boolean])[] = [
    ['tenants', 'All tenants', me().administrator],
    ['overview', 'Overview', may('usage:read')],
    ['users', 'Users', may('users:read')],
    ['keys', 'Keys', may('keys:read')],
    ['policies', 'Policy', may('policy:read')],
  ]
  const actions = ways.flatMap(([page, text, open]) =>
    open ? (
      <a key={page} class="button" href={hrefOf(page, page === 'tenants' ? '' : slug)}>
        {text}
      </a>
    ) : (
      []
    ),
  )
  return (
    <Page title={tenant.value?.name ?? slug} about={tenant.value && <About {...tenant.value} />} actions={actions}>
      <Loaded resource={tenant}>
        {() => (
          <>
            {may('usage:read') && <Statements slug={slug} />}
            {may('vendor-keys:read') && (
              <div class="not-printed">
                <VendorKeys path={`${path}/vendor-keys`} />
              </div>
            )}
          </>
        )}
      </Loaded>
    </Page>
  )
}

function About({ slug, plan, status, createdAt }: Tenant): ComponentChildren {
  return (
    <>
      <code>{slug}</code> · plan {plan} · made <Time at={createdAt} /> <Status of={status} />
    </>
  )
}

type Asked = { readonly what: 'set' | 'remove'; readonly provider: string }

function VendorKeys({ path }: { readonly path: string }) {
  const keys = useResource<{ readonly items: readonly VendorKey[] }>(path)
  const [asked, setAsked] = useState<Asked>()
  const close = () => setAsked(undefined)
  const done = (text: string) => {
    close()
    toast(text)
    keys.reload()
  }
  const writes = may('vendor-keys:write')
  const columns: readonly Column<VendorKey>[] = [
    { head: 'Provider', as: 'name', cell: ({ provider }) => <span class="name">{provider}</span> },
    { head: 'Key', class: 'code', cell: ({ last4 }) => `…${last4}` },
    { head: 'Set', cell: ({ updatedAt }) => <Time at={updatedAt} /> },
    { head: 'By', class: 'code', cell: ({ actor }) => actor },
    {
      head: 'Actions',
      as: 'actions',
      cell: ({ provider }) =>
        writes && (
          <>
            <Action text="Replace" to={provider} onDo={() => setAsked({ what: 'set', provider })} />
            <Action text="Remove" to={provider} risky onDo={() => setAsked({ what: 'remove', provider })} />
          </>
        ),
    },
  ]
  const set = writes && (
    <button type="button" onClick={() => setAsked({ what: 'set', provider: '' })}>
      <Icon name="plus" /> Set a vendor key
    </button>
  )
  return (
    <Card title="Vendor keys" aside={set}>
      <Loaded resource={keys}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon="keys" title="No vendor key of its own">
              <p>Its calls use the relay's keys. A key stored here is encrypted, and only its end is shown.</p>
            </Empty>
          ) : (
            <Table columns={columns} rows={items} keyOf={({ provider }) => provider} />
          )
        }
      </Loaded>
      {asked?.what === 'set' && (
        <FormDialog
          title={asked.provider ? `Replace the key of ${asked.provider}` : 'Set a vendor key'}
          action="Set key"
          onClose={close}
          onSubmit={async (fields) => {
            const provider = typed(fields, 'provider') ?? ''
            await ask(`${path}/${encodeURIComponent(provider)}`, { method: 'PUT', body: { key: typed(fields, 'key') } })
            done(`Calls to ${provider} are made with this key from now on.`)
          }}
        >
          <label>
            Provider
            <input
              name="provider"
              required
              autocomplete="off"
              spellcheck={false}
              placeholder="openai"
              defaultValue={asked.provider}
              readOnly={asked.provider !== ''}
            />
          </label>
          <label>
            Key
            <input name="key" type="password" required minlength={16} autocomplete="off" spellcheck={false} />
            <small>As the vendor issued it. It is encrypted at rest, and never shown again.</small>
          </label>
        </FormDialog>
      )}
      {asked?.what === 'remove' && (
        <FormDialog
          title={`Remove the key of ${asked.provider}?`}
          action="Remove key"
          danger
          onClose={close}
          onSubmit={async () => {
            await ask(`${path}/${encodeURIComponent(asked.provider)}`, { method: 'DELETE' })
            done(`Calls to ${asked.provider} are made with the relay's key again.`)
          }}
        >
          <p>Calls to {asked.provider} are made with the relay's own key from now on, if it has one.</p>
        </FormDialog>
      )}
    </Card>
  )
}
