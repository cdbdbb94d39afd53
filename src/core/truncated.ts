import { LeashError } from './errors.js'

export function truncated(): LeashError {
  return new LeashError('stream_truncated', 'The stream ended before the answer was complete. Send the call again.', {
    retryable: true,
  })
}
