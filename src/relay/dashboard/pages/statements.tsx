/** What a tenant used in a month: to look at, to print, and as a file. */
import { useState } from 'preact/hooks'
import type { Statement } from '../../usage/statements.js'
import type { UsageRow } from '../../usage/usage.js'
import { download } from '../download.js'
import { count, exact, money } from '../format.js'
import { savedOf, tokensOf } from '../metrics.js'
import { Icon } from '../parts/icon.js'
import { Badge, Card, type Fact, Facts } from '../parts/page.js'
import { Loaded } from '../parts/states.js'
import { UsageTable } from '../parts/usage-table.js'
import { useResource } from '../resource.js'

const thisMonth = () => new Date().toISOString().slice(0, 7)

export function Statements({ slug }: { readonly slug: string }) {
  const path = `/v1/admin/tenants/${encodeURIComponent(slug)}/statements`
  const months = useResource<{ readonly items: readonly UsageRow[] }>(path)
  const [month, setMonth] = useState(thisMonth)
  const statement = useResource<Statement>(`${path}/${month}`)
  const used = (months.value?.items ?? []).flatMap(({ of }) => of.month ?? [])
  const all = [...new Set([thisMonth(), ...used])]
  return (
    <Card
      title="Statement"
      aside={
        <div class="actions">
          <label class="inline">
            <span class="unseen">Month</span>
            <select value={month} onChange={({ currentTarget }) => setMonth(currentTarget.value)}>
              {all.map((one) => (
                <option key={one} value={one}>
                  {nameOf(one)}
                </option>
              ))}
            </select>
          </label>
          <button type="button" onClick={() => download(`${path}/${month}?format=csv`, `${slug}-${month}.csv`)}>
            <Icon name="down" /> CSV
          </button>
          <button type="button" onClick={() => print()}>
            <Icon name="print" /> Print
          </button>
        </div>
      }
    >
      <Loaded resource={statement}>{(value) => <Sums {...value} />}</Loaded>
    </Card>
  )
}

function Sums({ month, total, provisional, byModel, byKey, byUser }: Statement) {
  const facts: readonly Fact[] = [
    ['Total', money(total.nano)],
    ['Requests', exact(total.calls)],
    ['Tokens', count(tokensOf(total))],
    ['Saved', money(savedOf(total))],
    [provisional ? <Badge tone="odd">not closed yet</Badge> : 'Month', nameOf(month)],
  ]
  return (
    <>
      <Facts of={facts} more="pad" />
      {total.unpriced > 0 && (
        <p class="muted pad">{exact(total.unpriced)} attempts have no known price, and are not in the sum.</p>
      )}
      {total.attempts > 0 && (
        <div class="columns">
          <UsageTable rows={byModel} total={total.nano} head="Model" by="model" under="provider" all />
          <div>
            <UsageTable rows={byKey} total={total.nano} head="Key" by="key" under="key" all />
            {byUser.some(({ of }) => of.user) && (
              <UsageTable rows={byUser} total={total.nano} head="User" by="user" none="nobody in particular" all />
            )}
          </div>
        </div>
      )}
    </>
  )
}

const monthName = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' })
const nameOf = (month: string): string => monthName.format(new Date(`${month}-01T00:00:00Z`))
