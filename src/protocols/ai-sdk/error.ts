import { LeashError } from '../../core/errors.js'

export function interrupted(): LeashError {
  return new LeashError('stream_truncated', 'The stream ended before the answer was complete. Send the call again.', {
    retryable: true,
  })
}
