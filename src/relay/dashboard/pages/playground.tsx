/** A chat through the relay, with one model or with two side by side. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { ProviderHealth } from '../../../core/health.js'
import { type Conversation, useConversation } from '../conversation.js'
import { count, duration, money } from '../format.js'
import { Icon } from '../parts/icon.js'
import { Card, type Fact, Facts, Page } from '../parts/page.js'
import { Failed } from '../parts/states.js'
import { useResource } from '../resource.js'
import type { Overview } from '../types.js'

const starters = ['What is a mutex? One sentence.', 'Write a haiku about budgets.', 'Name three uses of a leash.']

const usualModels = ['gpt-4o-mini', 'claude-haiku-4-5', 'gemini-2.5-flash']

interface Side {
  readonly provider: string
  readonly model: string
}

/** As the relay names targets: without a provider it finds one itself. */
const targetOf = ({ provider, model }: Side): string => (provider ? `${provider}/${model}` : model)

export function PlaygroundPage() {
  const left = useConversation()
  const right = useConversation()
  const [sides, setSides] = useState<readonly [Side, Side]>([
    { provider: '', model: usualModels[0] ?? '' },
    { provider: '', model: usualModels[1] ?? '' },
  ])
  const [compare, setCompare] = useState(false)
  const [settings, setSettings] = useState({ key: '', system: '', maxTokens: 1024 })
  const known = useKnown()
  const talks = compare ? [left, right] : [left]
  const busy = talks.some(({ coming }) => coming !== undefined)
  const say = (text: string) => {
    for (const [at, talk] of talks.entries()) {
      const side = sides[at]
      if (side) void talk.say({ ...settings, text, model: targetOf(side) })
    }
  }
  const stop = () => {
    for (const talk of talks) talk.stop()
  }
  const change = (at: number, side: Side) => setSides(([one, two]) => (at === 0 ? [side, two] : [one, side]))
  return (
    <Page
      title="Playground"
      about="Calls go through this relay: its policy holds, and they are booked like any other."
      actions={
        <>
          <button type="button" aria-pressed={compare} onClick={() => setCompare(!compare)}>
            <Icon name="columns" /> Compare two
          </button>
          <button
            type="button"
            onClick={() => {
              left.clear()
              right.clear()
            }}
          >
            Clear
          </button>
        </>
      }
    >
      <datalist id="models">
        {known.models.map((model) => (
          <option key={model} value={model} />
        ))}
      </datalist>
      <Settings settings={settings} onChange={setSettings} />
      <div class={compare ? 'talks two' : 'talks'}>
        {talks.map((talk, at) => {
          const side = sides[at]
          return (
            side && (
              <TalkView
                key={at}
                name={compare ? ` ${at + 1}` : ''}
                side={side}
                talk={talk}
                providers={known.providers}
                onSide={(side) => change(at, side)}
              />
            )
          )
        })}
      </div>
      {left.turns.length === 0 && (
        <div class="starters">
          {starters.map((text) => (
            <button key={text} type="button" onClick={() => say(text)}>
              {text}
            </button>
          ))}
        </div>
      )}
      <Composer busy={busy} onSay={say} onStop={stop} />
    </Page>
  )
}

/** What others have called, and what the relay can reach. */
function useKnown() {
  const overview = useResource<Overview>('/v1/admin/overview')
  const health = useResource<{ readonly providers: readonly ProviderHealth[] }>('/v1/admin/health')
  const rows = overview.value?.byModel ?? []
  const named = (name: 'model' | 'provider') => rows.flatMap(({ of }) => of[name] || [])
  const ready = (health.value?.providers ?? []).filter(({ ready }) => ready).map(({ name }) => name)
  return {
    models: [...new Set([...usualModels, ...named('model')])],
    providers: [...new Set([...ready, ...named('provider')])].sort(),
  }
}

interface SettingsOfChat {
  readonly key: string
  readonly system: string
  readonly maxTokens: number
}

function Settings({
  settings,
  onChange,
}: {
  readonly settings: SettingsOfChat
  readonly onChange: (settings: SettingsOfChat) => void
}) {
  return (
    <details class="card settings">
      <summary>
        Key and settings <span class="muted">{settings.key ? 'with a virtual key' : 'in your own name'}</span>
      </summary>
      <div class="fields">
        <label>
          Virtual key
          <input
            type="password"
            autocomplete="off"
            spellcheck={false}
            placeholder="your own, when empty"
            value={settings.key}
            onInput={({ currentTarget }) => onChange({ ...settings, key: currentTarget.value.trim() })}
          />
          <small>The call is made in its name: under the policy and on the budget of its tenant.</small>
        </label>
        <label>
          System prompt
          <textarea
            rows={2}
            value={settings.system}
            onInput={({ currentTarget }) => onChange({ ...settings, system: currentTarget.value })}
          />
        </label>
        <label>
          Most tokens of an answer
          <input
            type="number"
            min={1}
            max={1_000_000}
            value={settings.maxTokens}
            onInput={({ currentTarget }) => onChange({ ...settings, maxTokens: Number(currentTarget.value) })}
          />
        </label>
      </div>
    </details>
  )
}

interface TalkProps {
  /** Told apart by it where there are two. */
  readonly name: string
  readonly side: Side
  readonly talk: Conversation
  readonly providers: readonly string[]
  readonly onSide: (side: Side) => void
}

function TalkView({ name, side, talk, providers, onSide }: TalkProps) {
  const end = useRef<HTMLDivElement>(null)
  const length = talk.turns.length
  // Whatever is new is at the end.
  useEffect(() => {
    const box = end.current?.parentElement
    if (box) box.scrollTop = box.scrollHeight
  }, [length, talk.coming])
  const silent = length === 0 && talk.coming === undefined && talk.error === undefined
  return (
    <Card>
      <div class="model-bar">
        <select
          aria-label={`Provider${name}`}
          value={side.provider}
          onChange={({ currentTarget }) => onSide({ ...side, provider: currentTarget.value })}
        >
          <option value="">Any provider</option>
          {providers.map((provider) => (
            <option key={provider}>{provider}</option>
          ))}
        </select>
        <input
          aria-label={`Model${name}`}
          list="models"
          autocomplete="off"
          spellcheck={false}
          value={side.model}
          onInput={({ currentTarget }) => onSide({ ...side, model: currentTarget.value.trim() })}
        />
      </div>
      <div class="talk" aria-live="polite" aria-busy={talk.coming !== undefined}>
        {silent && <p class="muted hint-center">Say something below.</p>}
        {talk.turns.map(({ role, content }, at) => (
          <p key={at} class={`turn ${role}`}>
            {content}
          </p>
        ))}
        {talk.coming !== undefined && <p class="turn assistant coming">{talk.coming}</p>}
        {talk.error !== undefined && <Failed error={talk.error} />}
        <div ref={end} />
      </div>
      {talk.end && <Account talk={talk} />}
    </Card>
  )
}

function Account({ talk: { end, cost } }: { readonly talk: Conversation }) {
  if (!end) return null
  const seconds = Math.max(end.totalMs - end.firstMs, 1) / 1000
  const facts: readonly Fact[] = [
    ['Cost', cost === undefined ? '…' : cost === null ? 'no price' : money(cost)],
    ['First text', duration(end.firstMs)],
    ['In all', duration(end.totalMs)],
    ['Tokens', end.input === undefined ? 'not told' : `${count(end.input)} in, ${count(end.output ?? 0)} out`],
    ['Speed', end.output === undefined ? 'not told' : `${count(end.output / seconds)} tokens/s`],
    ['Answered by', end.provider ? `${end.provider}/${end.model}` : end.model],
    ...(end.attempts > 1 ? [['Attempts', String(end.attempts)] as const] : []),
    ...(end.cache ? [['Cache', end.cache] as const] : []),
  ]
  return <Facts of={facts} more="small" />
}

function Composer({
  busy,
  onSay,
  onStop,
}: {
  readonly busy: boolean
  readonly onSay: (text: string) => void
  readonly onStop: () => void
}) {
  const [text, setText] = useState('')
  const send = () => {
    if (busy || text.trim() === '') return
    onSay(text.trim())
    setText('')
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
    >
      <textarea
        aria-label="Message"
        rows={2}
        placeholder="Ask something"
        value={text}
        onInput={({ currentTarget }) => setText(currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
          event.preventDefault()
          send()
        }}
      />
      {busy ? (
        <button type="button" class="square" aria-label="Stop" onClick={onStop}>
          <Icon name="stop" />
        </button>
      ) : (
        <button type="submit" class="primary square" aria-label="Send" disabled={text.trim() === ''}>
          <Icon name="send" />
        </button>
      )}
    </form>
  )
}
