/** The administrator's key: kept for as long as the tab is open, and sent to nobody but the relay. */
const name = 'leash-key'

type Listener = () => void
const listeners = new Set<Listener>()

export function key(): string | undefined {
  return sessionStorage.getItem(name) ?? undefined
}

/** The id of the key, which is no secret. */
export const ownId = (): string => key()?.split('_')[1] ?? ''

export function signIn(key: string): void {
  sessionStorage.setItem(name, key)
  tell()
}

export function signOut(): void {
  sessionStorage.removeItem(name)
  tell()
}

/** @returns a function that stops listening */
export function onSession(listener: Listener): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}

function tell(): void {
  for (const listener of listeners) listener()
}
