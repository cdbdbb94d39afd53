import { LeashError } from '../core/errors.js'

export type Wrong = (param: string, rule: string, status?: number) => LeashError

/** Of a member that is not as it has to be. @param what it is a member of, such as `a key` */
export const wrongIn =
  (what: string): Wrong =>
  (param, rule, status = 400) =>
    new LeashError('invalid_request', `The \`${param}\` of ${what} ${rule}.`, { param, status })
