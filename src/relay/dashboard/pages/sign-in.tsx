/** The only ways in: the identity provider, a key for the administration, or an e-mail address with a password. */
import { useEffect, useState } from 'preact/hooks'
import { ApiError, ask, messageOf, tokenFor } from '../api.js'
import { typed } from '../parts/dialog.js'
import { Mark } from '../parts/icon.js'
import { goToProvider, readProvider, takeReturned, tokenOf } from '../provider-sign-in.js'
import { useResource } from '../resource.js'
import { signIn } from '../session.js'

export function SignIn() {
  const [by, setBy] = useState<'key' | 'email'>('key')
  const [failure, setFailure] = useState<Failure>()
  const [returned] = useState(takeReturned)
  const [busy, setBusy] = useState(returned !== undefined)
  const provider = useResource('/api/auth/provider', undefined, readProvider).value?.name
  const attempt = async (at: Failure['at'], work: () => Promise<void>) => {
    setBusy(true)
    setFailure(undefined)
    try {
      await work()
    } catch (error) {
      setFailure({ at, error })
      setBusy(false)
    }
  }
  useEffect(() => {
    document.title = 'Sign in · LeashLLM relay'
    if (returned) attempt('provider', async () => signIn(await tokenOf(returned)))
    // Whoever turns back at the provider finds the page as he has left it.
    const back = () => setBusy(false)
    addEventListener('pagehide', back)
    return () => removeEventListener('pagehide', back)
  }, [])
  const submit = (event: SubmitEvent) => {
    event.preventDefault()
    if (busy || !(event.target instanceof HTMLFormElement)) return
    const fields = new FormData(event.target)
    attempt('form', async () => signIn(await (by === 'key' ? byKey(fields) : byPassword(fields))))
  }
  const wrong = failure?.at === 'form'
  return (
    <main class="gate">
      <form class="card" onSubmit={submit}>
        <Mark />
        <h1>LeashLLM relay</h1>
        <p class="muted">Policy, quotas and usage of every model call.</p>
        {provider !== undefined && (
          <button type="button" class="primary wide" disabled={busy} onClick={() => attempt('provider', goToProvider)}>
            Sign in with {provider}
          </button>
        )}
        {failure?.at === 'provider' && <Problem failure={failure} />}
        {provider !== undefined && <p class="or">or</p>}
        {by === 'key' ? (
          <label key="key">
            Key
            <input
              name="key"
              type="password"
              required
              autocomplete="current-password"
              spellcheck={false}
              placeholder="lk_…"
              // The page has this one field.
              autofocus
              aria-invalid={wrong}
            />
          </label>
        ) : (
          <>
            <label>
              E-mail
              <input name="email" type="email" required autocomplete="username" autofocus aria-invalid={wrong} />
            </label>
            <label>
              Password
              <input name="password" type="password" required autocomplete="current-password" aria-invalid={wrong} />
            </label>
            <label>
              Tenant
              <input name="tenant" autocomplete="organization" spellcheck={false} placeholder="default" />
            </label>
          </>
        )}
        {wrong && <Problem failure={failure} />}
        <button type="submit" class={provider === undefined ? 'primary wide' : 'wide'} disabled={busy}>
          Sign in
        </button>
        <button
          type="button"
          class="quiet wide"
          onClick={() => {
            setFailure(undefined)
            setBy(by === 'key' ? 'email' : 'key')
          }}
        >
          {by === 'key' ? 'With e-mail and password' : 'With a key'}
        </button>
        <p class="hint">
          {by === 'key' && 'The relay shows one at its first start. '}
          {by === 'key' && provider === undefined && 'A token of your identity provider will do too. '}
          You stay signed in in this tab only, until it is closed or you sign out.
        </p>
      </form>
    </main>
  )
}

interface Failure {
  /** Beside what it is shown. */
  readonly at: 'provider' | 'form'
  readonly error: unknown
}

function Problem({ failure }: { readonly failure: Failure }) {
  return (
    <p class="problem" role="alert">
      {messageOf(failure.error)}
    </p>
  )
}

async function byKey(fields: FormData): Promise<string> {
  const key = typed(fields, 'key') ?? ''
  // A header takes no other characters, and no key has them.
  if (!/^[\x21-\x7e]+$/.test(key)) throw new ApiError(401, '', 'That is no key. One begins with lk_.')
  // Of an identity provider: it is good for as long as that says.
  if (key.startsWith('eyJ')) {
    await ask('/v1/admin/me', { key })
    return key
  }
  return tokenFor({ key })
}

async function byPassword(fields: FormData): Promise<string> {
  const tenant = typed(fields, 'tenant')
  const body = { email: typed(fields, 'email'), password: fields.get('password'), ...(tenant && { tenant }) }
  return tokenFor({ key: '', body })
}
