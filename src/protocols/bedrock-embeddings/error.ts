import type { LeashError } from '../../core/errors.js'
import { decodeAwsError, encodeAwsError } from '../aws-error.js'
import type { FailedResponse } from '../protocol.js'

const name = 'bedrock-embeddings'

export const decodeError = (failed: FailedResponse) => decodeAwsError(name, failed)
export const encodeError = (error: LeashError) => encodeAwsError(name, error)
