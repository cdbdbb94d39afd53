import type { Tenant } from '../../people/tenants.js'
import { me } from '../session.js'

export interface TenantOptionsProps {
  readonly tenants: readonly Tenant[]
  /** What is chosen: it may be none of the first thousand, which is as many as there are here. */
  readonly value?: string
  /** What stands for all of them, where that can be chosen. */
  readonly all?: string | undefined
}

export interface TenantSelectProps extends TenantOptionsProps {
  readonly value: string
  readonly onChange: (slug: string) => void
}

/** For who has a choice. */
export function TenantSelect({ onChange, ...options }: TenantSelectProps) {
  if (!me().administrator) return null
  return (
    <label class="inline">
      <span>Tenant</span>
      <select onChange={(event) => onChange(event.currentTarget.value)}>
        <TenantOptions {...options} />
      </select>
    </label>
  )
}

export function TenantOptions({ tenants, value = '', all }: TenantOptionsProps) {
  const strange = value && !tenants.some(({ slug }) => slug === value)
  return (
    <>
      {all && <option value="">{all}</option>}
      {strange && <option selected>{value}</option>}
      {tenants.map(({ slug, name }) => (
        <option key={slug} value={slug} selected={slug === value}>
          {name}
        </option>
      ))}
    </>
  )
}
