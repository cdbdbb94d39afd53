/** @jsxImportSource react */
import { final, problems } from './words.ts'

interface Props {
  readonly error: Error
  readonly retry: () => void
}

export function Problem({ error, retry }: Props) {
  return (
    <div className="problem" role="alert">
      <p>{problems[error.message] ?? 'The answer did not come. Check your connection, and try again.'}</p>
      {!final.has(error.message) && (
        <button type="button" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
