/** The form for a key. */
import type { KeyScope } from '../../keys/keys.js'
import type { Tenant } from '../../people/tenants.js'
import { ask } from '../api.js'
import { FormDialog, typed } from '../parts/dialog.js'
import { TenantOptions } from '../parts/tenant-select.js'
import { me } from '../session.js'
import type { MadeKey } from './keys.js'
import { grantable } from './users.js'

const scopes: readonly (readonly [scope: KeyScope, about: string, usual: boolean])[] = [
  ['call', 'calls models through the relay', true],
  ['usage', 'posts and reads usage', true],
  ['control', 'pulls policy and leases quota, as clients do', true],
  ['metrics', "reads the relay's metrics", false],
  ['admin', 'may do everything, here too', false],
]

/** Only its administrators give these. */
export const ofRelay: readonly KeyScope[] = ['metrics', 'admin']

const lifetimes = [
  ['', 'Never'],
  ['30', 'In 30 days'],
  ['90', 'In 90 days'],
  ['365', 'In a year'],
] as const

const dayMs = 86_400_000

export interface CreateKeyProps {
  readonly tenants: readonly Tenant[]
  /** Chosen beforehand. */
  readonly tenant: string
  readonly onClose: () => void
  readonly onMade: (made: MadeKey) => void
}

export function CreateKey({ tenants, tenant, onClose, onMade }: CreateKeyProps) {
  const submit = async (fields: FormData) => {
    const days = Number(typed(fields, 'days') ?? 0)
    const [name, user, role] = ['name', 'user', 'role'].map((field) => typed(fields, field))
    const body = {
      tenant: typed(fields, 'tenant'),
      scopes: fields.getAll('scope'),
      ...(name && { name }),
      ...(user && { user }),
      ...(role && { role }),
      ...(days > 0 && { expiresAt: Date.now() + days * dayMs }),
    }
    onMade(await ask<MadeKey>('/v1/admin/keys', { method: 'POST', body }))
  }
  const { administrator, rights } = me()
  const offered = scopes.filter(([scope]) => administrator || !ofRelay.includes(scope))
  const own = !administrator && rights['keys:write'] === 'own'
  return (
    <FormDialog title="New key" action="Create key" onClose={onClose} onSubmit={submit}>
      <label>
        Tenant
        <select name="tenant" required>
          <TenantOptions tenants={tenants} value={tenant} />
        </select>
      </label>
      <label>
        Name
        <input name="name" maxlength={200} autocomplete="off" placeholder="checkout service" />
        <small>To recognise it by.</small>
      </label>
      <div class="pair">
        <label>
          User
          <input name="user" maxlength={200} autocomplete="off" placeholder={own ? 'you' : 'anybody'} disabled={own} />
        </label>
        <label>
          Ends
          <select name="days">
            {lifetimes.map(([days, text]) => (
              <option key={days} value={days}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <fieldset class="checks">
        <legend>What it may do</legend>
        {offered.map(([scope, about, usual]) => (
          <label key={scope}>
            <input type="checkbox" name="scope" value={scope} defaultChecked={usual} />
            <span>
              <strong>{scope}</strong> {about}
            </span>
          </label>
        ))}
      </fieldset>
      {grantable().length > 0 && (
        <label>
          Role here
          <select name="role">
            <option value="">none: it is for programs</option>
            {grantable().map((role) => (
              <option key={role}>{role}</option>
            ))}
          </select>
          <small>With a role, whoever has the key may sign in here, for the tenant.</small>
        </label>
      )}
    </FormDialog>
  )
}
