/** A change and its line in the audit: both are there, or neither. */
import type { Sql } from '../store/sql.js'
import type { Audit, AuditInput } from './audit.js'

/**
 * @param change asks nobody but the database, which it is given
 * @param line what the audit is to say of what was done
 */
export function audited<T>(
  { sql, audit }: { readonly sql: Sql; readonly audit: Audit },
  change: (sql: Sql) => Promise<T>,
  line: (done: T) => AuditInput,
): Promise<T> {
  return sql.transaction(async (sql) => {
    const done = await change(sql)
    await audit.append(line(done), sql)
    return done
  })
}
