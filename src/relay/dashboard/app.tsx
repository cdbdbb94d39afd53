/** The house of all pages: who is signed in, where we are, and the ways between. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import type { Right } from '../people/roles.js'
import { renew } from './api.js'
import { AuditPage } from './pages/audit.js'
import { CallsPage } from './pages/calls.js'
import { ConfigurationPage } from './pages/configuration.js'
import { HealthPage } from './pages/health.js'
import { KeysPage } from './pages/keys.js'
import { OverviewPage } from './pages/overview.js'
import { PlaygroundPage } from './pages/playground.js'
import { PoliciesPage } from './pages/policies.js'
import { SignIn } from './pages/sign-in.js'
import { TenantsPage } from './pages/tenants.js'
import { UsersPage } from './pages/users.js'
import { WebhooksPage } from './pages/webhooks.js'
import { Icon, type IconName, Mark } from './parts/icon.js'
import { Failed, Loading } from './parts/states.js'
import { Toasts } from './parts/toast.js'
import { useResource } from './resource.js'
import { hrefOf, usePlace } from './router.js'
import { type Me, may, mayCall, me, onSession, setMe, signOut, token } from './session.js'
import { setTheme, type Theme, theme } from './theme.js'

interface Room {
  readonly page: IconName
  readonly title: string
  readonly View: ComponentType<{ readonly of: string }>
  /** Whose it is; everybody's who has none. */
  readonly right?: Right | 'administrator' | 'call'
}

const overview: Room = { page: 'overview', title: 'Overview', View: OverviewPage, right: 'usage:read' }

/** What is looked at, what is done for tenants, and what is the relay's own. */
const floors: readonly (readonly Room[])[] = [
  [
    overview,
    { page: 'calls', title: 'Calls', View: CallsPage, right: 'usage:read' },
    { page: 'health', title: 'Health', View: HealthPage, right: 'usage:read' },
    { page: 'playground', title: 'Playground', View: PlaygroundPage, right: 'call' },
  ],
  [
    { page: 'tenants', title: 'Tenants', View: TenantsPage, right: 'tenant:read' },
    { page: 'users', title: 'Users', View: UsersPage, right: 'users:read' },
    { page: 'keys', title: 'Keys', View: KeysPage, right: 'keys:read' },
    { page: 'policies', title: 'Policies', View: PoliciesPage, right: 'policy:read' },
  ],
  [
    { page: 'audit', title: 'Audit', View: AuditPage, right: 'audit:read' },
    { page: 'webhooks', title: 'Webhooks', View: WebhooksPage, right: 'administrator' },
    { page: 'configuration', title: 'Configuration', View: ConfigurationPage, right: 'administrator' },
  ],
]

function isOpen({ right }: Room): boolean {
  if (right === 'administrator') return me().administrator
  if (right === 'call') return mayCall()
  return right === undefined || may(right)
}

const renewMs = 5 * 60_000

export function App() {
  const [signedIn, setSignedIn] = useState(token() !== undefined)
  useEffect(() => onSession(() => setSignedIn(token() !== undefined)), [])
  return (
    <>
      {signedIn ? <Door /> : <SignIn />}
      <Toasts />
    </>
  )
}

/** Nothing is shown before it is known to whom. */
function Door() {
  const found = useResource<Me>('/v1/admin/me')
  useEffect(() => {
    const timer = setInterval(renew, renewMs)
    return () => clearInterval(timer)
  }, [])
  if (found.value) {
    setMe(found.value)
    return <House />
  }
  return (
    <main class="gate">{found.error !== undefined ? <Failed error={found.error} onRetry={found.reload} /> : <Loading />}</main>
  )
}

function House() {
  const { page, of } = usePlace()
  const [open, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const ways = floors.map((rooms) => rooms.filter(isOpen))
  const room = ways.flat().find((room) => room.page === page) ?? overview
  const first = useRef(true)
  // Whoever moves to another room stands at its beginning.
  useEffect(() => {
    setOpen(false)
    if (first.current) first.current = false
    else {
      main.current?.focus({ preventScroll: true })
      scrollTo(0, 0)
    }
  }, [room])
  return (
    <div class="house">
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <aside class={open ? 'side open' : 'side'}>
        <div class="brand">
          <Mark />
          <strong>LeashLLM</strong>
          <span>relay</span>
          <button
            type="button"
            class="quiet square menu"
            aria-expanded={open}
            aria-controls="ways"
            aria-label="Menu"
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? 'close' : 'menu'} />
          </button>
        </div>
        <div id="ways" class="ways">
          <nav aria-label="Pages">
            {ways.map((rooms, floor) => (
              <div key={floor}>
                {rooms.map(({ page, title }) => (
                  <a key={page} href={hrefOf(page)} aria-current={page === room.page ? 'page' : undefined}>
                    <Icon name={page} />
                    {page === 'tenants' && !me().administrator ? 'Tenant' : title}
                  </a>
                ))}
              </div>
            ))}
          </nav>
          <p class="who">
            <strong>{me().user ?? me().id}</strong>
            <span>{me().administrator ? "the relay's administrator" : `${me().role} of ${me().tenant}`}</span>
          </p>
          <div class="foot">
            <ThemeSwitch />
            <button type="button" class="quiet" onClick={signOut}>
              <Icon name="out" /> Sign out
            </button>
          </div>
        </div>
      </aside>
      <main ref={main} tabIndex={-1}>
        <room.View key={room.page} of={of} />
      </main>
    </div>
  )
}

const choices: readonly (readonly [Theme, IconName, string])[] = [
  ['light', 'sun', 'Light'],
  ['dark', 'moon', 'Dark'],
  ['auto', 'auto', 'As the system'],
]

function ThemeSwitch() {
  const [chosen, setChosen] = useState(theme())
  const choose = (wanted: Theme) => {
    setTheme(wanted)
    setChosen(wanted)
  }
  return (
    <fieldset class="switch">
      <legend class="unseen">Colours</legend>
      {choices.map(([name, icon, label]) => (
        <button
          key={name}
          type="button"
          aria-pressed={name === chosen}
          aria-label={label}
          title={label}
          onClick={() => choose(name)}
        >
          <Icon name={icon} />
        </button>
      ))}
    </fieldset>
  )
}
