import { LeashError } from '../core/errors.js'

/** Of a member that is not as it has to be. @param what it is a member of, such as `a key` */
export const wrongIn =
  (what: string) =>
  (param: string, rule: string, status = 400): LeashError =>
    new LeashError('invalid_request', `The \`${param}\` of ${what} ${rule}.`, { param, status })
