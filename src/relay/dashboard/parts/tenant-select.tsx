import type { Tenant } from '../../people/tenants.js'
import { me } from '../session.js'

export interface TenantSelectProps {
  readonly tenants: readonly Tenant[]
  readonly value: string
  /** What stands for all of them, where that can be chosen. */
  readonly all?: string
  readonly onChange: (slug: string) => void
}

/** For who has a choice. */
export function TenantSelect({ tenants, value, all, onChange }: TenantSelectProps) {
  if (!me().administrator) return null
  const known = value === '' || tenants.some(({ slug }) => slug === value)
  return (
    <label class="inline">
      <span>Tenant</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value)}>
        {all !== undefined && <option value="">{all}</option>}
        {!known && <option value={value}>{value}</option>}
        {tenants.map(({ slug, name }) => (
          <option key={slug} value={slug}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}
