/** How the relay's own calls borrow quota: as every client does, without a wire between. So no call waits for the database. */
import type { Connection } from '../../control/connection.js'
import type { Answer } from '../../control/quiet-get.js'
import { isLeashError } from '../../core/errors.js'
import { asObject, asString } from '../../core/json.js'
import type { Budget } from '../../middleware/budget/options.js'
import type { Leases } from './leases.js'

/** @param budgets of the policy in force, by the name of a scope of it */
export function ownLender(
  leases: Leases,
  tenant: string,
  budgets: (scope: string) => Promise<readonly Budget[]>,
): Pick<Connection, 'post'> {
  const holder = { id: 'relay', tenant, ofAll: true } as const
  return {
    async post(path, body) {
      try {
        if (path.endsWith('/settle')) {
          await leases.settle(holder, body)
          return answer(204)
        }
        const lent = await leases.lend(holder, await budgets(asString(asObject(body).scope) ?? ''), body)
        return lent.ok ? answer(200, lent.lease) : answer(402, lent.refusal)
      } catch (error) {
        if (isLeashError(error) && error.code === 'not_found') return answer(404, { error: { code: error.code } })
        throw error
      }
    },
  }
}

const noHeaders = new Headers()

function answer(status: number, body?: object): Answer {
  return { status, headers: noHeaders, text: body === undefined ? '' : JSON.stringify(body) }
}
