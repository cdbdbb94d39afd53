/** The people of a tenant, and what each may do there. */
import { useState } from 'preact/hooks'
import type { User } from '../../people/record.js'
import { mayGrant, type Role, roles } from '../../people/roles.js'
import { ask } from '../api.js'
import { useList } from '../list.js'
import { FormDialog, typed } from '../parts/dialog.js'
import { Icon } from '../parts/icon.js'
import { More } from '../parts/more.js'
import { Card, Page, Status, Time } from '../parts/page.js'
import { Empty, Failed, Loaded } from '../parts/states.js'
import { Action, type Column, Table } from '../parts/table.js'
import { TenantSelect } from '../parts/tenant-select.js'
import { toast } from '../parts/toast.js'
import { go } from '../router.js'
import { may, me, tenantIn } from '../session.js'
import { useTenants } from '../tenant-list.js'

const about: Readonly<Record<Role, string>> = {
  owner: 'everything of the tenant',
  admin: 'people, keys, policy and vendor keys',
  member: 'keys and usage of their own',
  viewer: 'looks, and changes nothing',
}

/** Those that whoever has signed in may give. */
export const grantable = (): readonly Role[] => {
  const { administrator, role } = me()
  return roles.filter((one) => administrator || (role !== undefined && mayGrant(role, one)))
}

type Asked = { readonly what: 'create' } | { readonly what: 'change' | 'password' | 'remove'; readonly user: User }

export function UsersPage({ of: asked }: { readonly of: string }) {
  const tenants = useTenants()
  const tenant = tenantIn(asked) || tenants.all[0]?.slug || ''
  return (
    <Page
      title="Users"
      about="Who may sign in with an e-mail address, and what a key of each may do."
      actions={<TenantSelect tenants={tenants.all} value={tenant} onChange={(slug) => go('users', slug)} />}
    >
      {tenants.error !== undefined && <Failed error={tenants.error} onRetry={tenants.reload} />}
      {tenant && <UsersOf key={tenant} tenant={tenant} />}
    </Page>
  )
}

function UsersOf({ tenant }: { readonly tenant: string }) {
  const path = `/v1/admin/tenants/${encodeURIComponent(tenant)}/users`
  const users = useList<User>(path)
  const [asked, setAsked] = useState<Asked>()
  const writes = may('users:write')
  const close = () => setAsked(undefined)
  const done = (text: string) => {
    close()
    toast(text)
    users.reload()
  }
  const create = writes && (
    <button type="button" class="primary" onClick={() => setAsked({ what: 'create' })}>
      <Icon name="plus" /> New user
    </button>
  )
  return (
    <>
      <Card title={`People of ${tenant}`} aside={create}>
        <Loaded resource={users}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="users" title={`${tenant} has no user yet`}>
                <p>Users sign in here themselves, and see what their role allows.</p>
              </Empty>
            ) : (
              <>
                <Table
                  columns={columnsOf(writes, setAsked)}
                  rows={items}
                  keyOf={({ id }) => id}
                  past={({ status }) => status !== 'active'}
                />
                <More of={users} />
              </>
            )
          }
        </Loaded>
      </Card>
      {asked && <Form asked={asked} path={path} onClose={close} onDone={done} />}
    </>
  )
}

function columnsOf(writes: boolean, onAsk: (asked: Asked) => void): Column<User>[] {
  return [
    {
      head: 'User',
      as: 'name',
      cell: ({ name, email }) => (
        <>
          <span class="name">{name}</span>
          {name !== email && <span class="under">{email}</span>}
        </>
      ),
    },
    { head: 'Id', cell: ({ id }) => id, class: 'code' },
    {
      head: 'Role',
      cell: ({ role }) => <span title={about[role]}>{role}</span>,
    },
    { head: 'Status', cell: ({ status }) => <Status of={status} /> },
    { head: 'Password', cell: ({ password }) => (password ? 'set' : <span class="muted">none</span>) },
    { head: 'Created', cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      head: 'Actions',
      as: 'actions',
      cell: (user) => {
        const changes = writes && grantable().includes(user.role)
        const own = user.id === me().user && user.tenant === me().tenant
        const act = (text: string, what: 'change' | 'password' | 'remove') => (
          <Action text={text} to={user.name} risky={what === 'remove'} onDo={() => onAsk({ what, user })} />
        )
        return (
          <>
            {changes && act('Change', 'change')}
            {(changes || (own && may('users:password'))) && act('Password', 'password')}
            {changes && !own && act('Remove', 'remove')}
          </>
        )
      },
    },
  ]
}

interface FormProps {
  readonly asked: Asked
  /** Of the tenant's users. */
  readonly path: string
  readonly onClose: () => void
  readonly onDone: (text: string) => void
}

function Form({ asked, path, onClose, onDone }: FormProps) {
  if (asked.what === 'create') {
    const submit = async (fields: FormData) => {
      const body = Object.fromEntries(['email', 'name', 'id', 'role'].flatMap((name) => given(fields, name)))
      const { id, email } = await ask<User>(path, { method: 'POST', body })
      const password = typed(fields, 'password')
      if (password) await ask(`${path}/${encodeURIComponent(id)}/password`, { method: 'PUT', body: { password } })
      onDone(`${email} is there.`)
    }
    return (
      <FormDialog title="New user" action="Create user" onClose={onClose} onSubmit={submit}>
        <label>
          E-mail
          <input name="email" type="email" required autocomplete="off" placeholder="ada@example.com" />
        </label>
        <div class="pair">
          <label>
            Name
            <input name="name" maxlength={200} autocomplete="off" placeholder="Ada Lovelace" />
          </label>
          <label>
            Id
            <input name="id" maxlength={64} autocomplete="off" spellcheck={false} placeholder="made for you" />
          </label>
        </div>
        <RoleField now="member" />
        <label>
          Password
          <input name="password" type="password" minlength={12} autocomplete="new-password" />
          <small>12 characters or more. Without one, only a key or your identity provider lets this user in.</small>
        </label>
      </FormDialog>
    )
  }
  const { what, user } = asked
  const at = `${path}/${encodeURIComponent(user.id)}`
  if (what === 'change') {
    const submit = async (fields: FormData) => {
      const body = Object.fromEntries(['name', 'role', 'status'].flatMap((name) => given(fields, name)))
      await ask(at, { method: 'PATCH', body })
      onDone(`${user.name} is changed.`)
    }
    return (
      <FormDialog title={`Change ${user.name}`} action="Save" onClose={onClose} onSubmit={submit}>
        <label>
          Name
          <input name="name" required maxlength={200} autocomplete="off" defaultValue={user.name} />
        </label>
        <RoleField now={user.role} />
        <label>
          Status
          <select name="status">
            {['active', 'suspended'].map((status) => (
              <option key={status} selected={status === user.status}>
                {status}
              </option>
            ))}
          </select>
          <small>While suspended, no key and no sign-in works.</small>
        </label>
      </FormDialog>
    )
  }
  if (what === 'password') {
    const submit = async (fields: FormData) => {
      await ask(`${at}/password`, { method: 'PUT', body: { password: fields.get('password') } })
      onDone(`The password of ${user.name} is set.`)
    }
    return (
      <FormDialog title={`Password of ${user.name}`} action="Set password" onClose={onClose} onSubmit={submit}>
        <label>
          New password
          <input name="password" type="password" required minlength={12} autocomplete="new-password" />
          <small>12 characters or more.</small>
        </label>
      </FormDialog>
    )
  }
  const submit = async () => {
    await ask(at, { method: 'DELETE' })
    onDone(`${user.name} is removed.`)
  }
  return (
    <FormDialog title={`Remove ${user.name}?`} action="Remove user" danger onClose={onClose} onSubmit={submit}>
      <p>Their keys stop, and nobody signs in as them any more. Their usage stays in the reports. This cannot be undone.</p>
    </FormDialog>
  )
}

function RoleField({ now }: { readonly now: Role }) {
  return (
    <label>
      Role
      <select name="role">
        {grantable().map((one) => (
          <option key={one} value={one} selected={one === now}>
            {`${one}: ${about[one]}`}
          </option>
        ))}
      </select>
    </label>
  )
}

const given = (fields: FormData, name: string): [string, string][] => {
  const value = typed(fields, name)
  return value === undefined ? [] : [[name, value]]
}
