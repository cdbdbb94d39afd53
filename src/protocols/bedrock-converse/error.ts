import type { LeashError } from '../../core/errors.js'
import { awsStreamError, decodeAwsError, encodeAwsError } from '../aws-error.js'
import type { FailedResponse } from '../protocol.js'

const name = 'bedrock-converse'

export const decodeError = (failed: FailedResponse) => decodeAwsError(name, failed)
export const encodeError = (error: LeashError) => encodeAwsError(name, error)
export const streamError = (event: string, data: string) => awsStreamError(name, event, data)
