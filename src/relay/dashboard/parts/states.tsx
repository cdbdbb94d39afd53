/** What a page shows while it has nothing to show. */
import type { ComponentChildren } from 'preact'
import { messageOf } from '../api.js'
import type { Resource } from '../resource.js'
import { Icon, type IconName } from './icon.js'

export function Empty({ icon, title, children }: { icon: IconName; title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={icon} />
      </span>
      <h3>{title}</h3>
      {children}
    </div>
  )
}

export function Failed({ error, onRetry }: { readonly error: unknown; readonly onRetry?: () => void }) {
  return (
    <div class="failed" role="alert">
      <Icon name="alert" />
      <p>{messageOf(error)}</p>
      {onRetry && (
        <button type="button" onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}

export function Loading() {
  return (
    <div class="loading" role="status" aria-label="Loading">
      {Array.from({ length: 5 }, (_, row) => (
        <span key={row} class="bone" />
      ))}
    </div>
  )
}

/** Whichever of the three it is; a value that is there stays when reading it again fails. */
export function Loaded<T>({ resource, children }: { resource: Resource<T>; children: (value: T) => ComponentChildren }) {
  const { value, error, reload } = resource
  return (
    <>
      {error !== undefined && <Failed error={error} onRetry={reload} />}
      {value !== undefined ? children(value) : error === undefined && <Loading />}
    </>
  )
}
