/** The house of all pages: who is signed in, where we are, and the ways between. */
import type { ComponentType } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { AuditPage } from './pages/audit.js'
import { CallsPage } from './pages/calls.js'
import { KeysPage } from './pages/keys.js'
import { OverviewPage } from './pages/overview.js'
import { PlaygroundPage } from './pages/playground.js'
import { PoliciesPage } from './pages/policies.js'
import { SignIn } from './pages/sign-in.js'
import { TenantsPage } from './pages/tenants.js'
import { Icon, type IconName, Mark } from './parts/icon.js'
import { Toasts } from './parts/toast.js'
import { hrefOf, usePlace } from './router.js'
import { key, onSession, signOut } from './session.js'
import { setTheme, type Theme, theme } from './theme.js'

interface Room {
  readonly page: IconName
  readonly title: string
  readonly View: ComponentType<{ readonly of: string }>
}

const overview: Room = { page: 'overview', title: 'Overview', View: OverviewPage }
const rooms: readonly Room[] = [
  overview,
  { page: 'calls', title: 'Calls', View: CallsPage },
  { page: 'tenants', title: 'Tenants', View: TenantsPage },
  { page: 'keys', title: 'Keys', View: KeysPage },
  { page: 'policies', title: 'Policies', View: PoliciesPage },
  { page: 'audit', title: 'Audit', View: AuditPage },
  { page: 'playground', title: 'Playground', View: PlaygroundPage },
]

export function App() {
  const [signedIn, setSignedIn] = useState(key() !== undefined)
  useEffect(() => onSession(() => setSignedIn(key() !== undefined)), [])
  return (
    <>
      {signedIn ? <House /> : <SignIn />}
      <Toasts />
    </>
  )
}

function House() {
  const { page, of } = usePlace()
  const [open, setOpen] = useState(false)
  const main = useRef<HTMLElement>(null)
  const room = rooms.find((room) => room.page === page) ?? overview
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
            {rooms.map(({ page, title }) => (
              <a key={page} href={hrefOf(page)} aria-current={page === room.page ? 'page' : undefined}>
                <Icon name={page} />
                {title}
              </a>
            ))}
          </nav>
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
