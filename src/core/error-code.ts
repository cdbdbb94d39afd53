import { type ErrorCode, errorStatus } from './errors.js'

/** Whether this version knows the code: a newer one may have more. */
export const isErrorCode = (code: unknown): code is ErrorCode => typeof code === 'string' && Object.hasOwn(errorStatus, code)
