/** The only way in: a key with the scope `admin`. */
import { useEffect, useState } from 'preact/hooks'
import { ApiError, ask, messageOf } from '../api.js'
import { Mark } from '../parts/icon.js'
import { signIn } from '../session.js'

export function SignIn() {
  const [error, setError] = useState<unknown>()
  const [busy, setBusy] = useState(false)
  useEffect(() => {
    document.title = 'Sign in · LeashLLM relay'
  }, [])
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (busy || !(event.target instanceof HTMLFormElement)) return
    const key = String(new FormData(event.target).get('key') ?? '').trim()
    setBusy(true)
    setError(undefined)
    try {
      // A header takes no other characters, and no key has them.
      if (!/^[\x21-\x7e]+$/.test(key)) throw new ApiError(401, '', 'That is no key. One begins with lk_.')
      await ask('/v1/admin/tenants?limit=1', { key })
      signIn(key)
    } catch (error) {
      setError(error)
      setBusy(false)
    }
  }
  return (
    <main class="gate">
      <form class="card" onSubmit={submit}>
        <Mark />
        <h1>LeashLLM relay</h1>
        <p class="muted">Policy, quotas and usage of every model call.</p>
        <label>
          Administrator's key
          <input
            name="key"
            type="password"
            required
            autocomplete="current-password"
            spellcheck={false}
            placeholder="lk_…"
            // The page has this one field.
            autofocus
            aria-invalid={error !== undefined}
          />
        </label>
        {error !== undefined && (
          <p class="problem" role="alert">
            {messageOf(error)}
          </p>
        )}
        <button type="submit" class="primary wide" disabled={busy}>
          Sign in
        </button>
        <p class="hint">
          The relay shows one at its first start. It is kept in this tab only, until the tab is closed or you sign out.
        </p>
      </form>
    </main>
  )
}
