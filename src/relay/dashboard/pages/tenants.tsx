/** Teams or customers: who there is, and who is let in. */
import { useState } from 'preact/hooks'
import type { Tenant } from '../../people/tenants.js'
import type { UsageRow } from '../../usage/usage.js'
import { ask } from '../api.js'
import { count, money } from '../format.js'
import { useList } from '../list.js'
import { FormDialog, typed } from '../parts/dialog.js'
import { Icon } from '../parts/icon.js'
import { More } from '../parts/more.js'
import { Card, Page, Status, Time } from '../parts/page.js'
import { Empty, Loaded } from '../parts/states.js'
import { Action, type Column, Table } from '../parts/table.js'
import { toast } from '../parts/toast.js'
import { hrefOf } from '../router.js'
import { me, tenantIn } from '../session.js'
import { TenantPage } from './tenant.js'

type Asked = { readonly what: 'create' } | { readonly what: 'suspend' | 'activate'; readonly tenant: Tenant }

const monthMs = 30 * 86_400_000

/** All of them, or one. */
export function TenantsPage({ of }: { readonly of: string }) {
  const one = tenantIn(of)
  return one ? <TenantPage key={one} slug={one} /> : <All />
}

function All() {
  const [search, setSearch] = useState('')
  const [since] = useState(() => Date.now() - monthMs)
  const tenants = useList<Used>(`/v1/admin/tenants?usedSince=${since}&search=${encodeURIComponent(search)}`)
  const [asked, setAsked] = useState<Asked>()
  const done = (text: string) => {
    setAsked(undefined)
    toast(text)
    tenants.reload()
  }
  const create = (
    <button type="button" class="primary" onClick={() => setAsked({ what: 'create' })}>
      <Icon name="plus" /> New tenant
    </button>
  )
  return (
    <Page
      title="Tenants"
      about="Each team or customer has its own keys, policy and usage, and sees nothing of the others."
      actions={create}
    >
      <label class="inline filters">
        Search
        <input onChange={(event) => setSearch(event.currentTarget.value)} />
      </label>
      <Card>
        <Loaded resource={tenants}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="tenants" title={search ? 'Nothing of that kind' : 'No tenant yet'} />
            ) : (
              <>
                <Table columns={columnsOf(setAsked)} rows={items} keyOf={({ slug }) => slug} />
                <More of={tenants} />
              </>
            )
          }
        </Loaded>
      </Card>
      {asked?.what === 'create' && <Create onClose={() => setAsked(undefined)} onDone={done} />}
      {asked && asked.what !== 'create' && <ChangeStatus {...asked} onClose={() => setAsked(undefined)} onDone={done} />}
    </Page>
  )
}

interface Used extends Tenant {
  readonly usage?: UsageRow
}

const columnsOf = (onAsk: (asked: Asked) => void): readonly Column<Used>[] => [
  {
    head: 'Tenant',
    as: 'name',
    cell: ({ name, slug }) => (
      <>
        <a class="name" href={hrefOf('tenants', slug)}>
          {name}
        </a>
        <span class="under code">{slug}</span>
      </>
    ),
  },
  { head: 'Status', cell: ({ status }) => <Status of={status} /> },
  { head: 'Plan', cell: ({ plan }) => plan },
  { head: 'Requests, 30 days', as: 'number', cell: ({ usage }) => count(usage?.calls ?? 0) },
  { head: 'Spend, 30 days', as: 'number', cell: ({ usage }) => money(usage?.nano ?? 0) },
  { head: 'Created', cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    head: 'Actions',
    as: 'actions',
    cell: (tenant) => (
      <>
        <a class="button quiet" href={hrefOf('keys', tenant.slug)} aria-label={`Keys of ${tenant.name}`}>
          Keys
        </a>
        <a class="button quiet" href={hrefOf('policies', tenant.slug)} aria-label={`Policy of ${tenant.name}`}>
          Policy
        </a>
        {tenant.status === 'active' ? (
          <Action text="Suspend" to={tenant.name} onDo={() => onAsk({ what: 'suspend', tenant })} />
        ) : (
          <Action text="Activate" to={tenant.name} onDo={() => onAsk({ what: 'activate', tenant })} />
        )}
      </>
    ),
  },
]

interface Doing {
  readonly onClose: () => void
  readonly onDone: (text: string) => void
}

function Create({ onClose, onDone }: Doing) {
  const submit = async (fields: FormData) => {
    const [slug, name, plan] = ['slug', 'name', 'plan'].map((field) => typed(fields, field))
    await ask('/v1/admin/tenants', { method: 'POST', body: { slug, ...(name && { name }), ...(plan && { plan }) } })
    onDone(`The tenant ${slug} is there.`)
  }
  return (
    <FormDialog title="New tenant" action="Create tenant" onClose={onClose} onSubmit={submit}>
      <label>
        Slug
        <input name="slug" required maxlength={63} autocomplete="off" spellcheck={false} placeholder="team-red" />
        <small>Its name in keys, budgets and reports: small letters, digits and hyphens. It never changes.</small>
      </label>
      <label>
        Name
        <input name="name" maxlength={200} autocomplete="off" placeholder="Team Red" />
        <small>For people. The slug, if you leave it empty.</small>
      </label>
      <label>
        Plan
        <input name="plan" maxlength={200} autocomplete="off" placeholder="default" />
      </label>
    </FormDialog>
  )
}

function ChangeStatus({ what, tenant, onClose, onDone }: Doing & { what: 'suspend' | 'activate'; tenant: Tenant }) {
  const suspend = what === 'suspend'
  const own = suspend && tenant.slug === me().tenant
  const submit = async () => {
    const status = suspend ? 'suspended' : 'active'
    await ask(`/v1/admin/tenants/${encodeURIComponent(tenant.slug)}`, { method: 'PATCH', body: { status } })
    onDone(`${tenant.name} is ${status}.`)
  }
  return (
    <FormDialog
      title={`${suspend ? 'Suspend' : 'Activate'} ${tenant.name}?`}
      action={suspend ? 'Suspend tenant' : 'Activate tenant'}
      danger={suspend}
      blocked={own}
      onClose={onClose}
      onSubmit={submit}
    >
      <p>
        {suspend
          ? 'Its keys open nothing from now on, until you activate it again. Nothing of it is lost.'
          : 'Its keys work again from now on.'}
      </p>
      {own && <p class="problem">You are signed in with a key of this tenant: you would lock yourself out.</p>}
    </FormDialog>
  )
}
