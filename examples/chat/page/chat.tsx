/** @jsxImportSource react */
import { useChat } from '@ai-sdk/react'
import type { UIMessage } from 'ai'
import { useEffect, useRef, useState } from 'react'
import { models, type Told } from '../models.ts'
import { Composer } from './composer.tsx'
import { Message } from './message.tsx'
import { Problem } from './problem.tsx'
import { dollars } from './words.ts'

const suggestions = ['Name three rivers and the seas they end in.', 'Explain a hash map to a child.', 'Write a haiku about rain.']

export function Chat() {
  const [model, setModel] = useState<string>(models[0].id)
  const { messages, sendMessage, regenerate, stop, status, error, clearError } = useChat<UIMessage<Told>>()
  const busy = status === 'submitted' || status === 'streaming'
  const body = { model }
  const end = useRef<HTMLDivElement>(null)
  useEffect(() => void end.current?.scrollIntoView({ block: 'end' }), [messages, error])

  const send = (text: string) => {
    clearError()
    sendMessage({ text }, { body })
  }
  return (
    <main>
      <header>
        <h1>Chat on a leash</h1>
        <ModelSwitch chosen={model} choose={setModel} />
      </header>
      <div className="messages" role="log" aria-label="Conversation">
        {messages.length === 0 && <Welcome ask={send} />}
        {messages.map((message, at) => (
          <Message key={message.id} message={message} coming={busy && at === messages.length - 1} />
        ))}
        {status === 'submitted' && <p className="waiting" aria-label="Waiting for the answer" role="status" />}
        {error && <Problem error={error} retry={() => regenerate({ body })} />}
        <div ref={end} />
      </div>
      <footer>
        <Composer busy={busy} send={send} stop={stop} />
        <p className="total">{totalOf(messages)}</p>
      </footer>
    </main>
  )
}

function ModelSwitch({ chosen, choose }: { readonly chosen: string; readonly choose: (id: string) => void }) {
  return (
    <fieldset>
      <legend>Who answers next</legend>
      {models.map(({ id, vendor }) => (
        <label key={id} title={id}>
          <input type="radio" name="model" value={id} checked={id === chosen} onChange={() => choose(id)} />
          {vendor}
        </label>
      ))}
    </fieldset>
  )
}

function Welcome({ ask }: { readonly ask: (text: string) => void }) {
  return (
    <div className="welcome">
      <h2>What would you like to know?</h2>
      <p>Choose above who answers. You can change your mind at every question: the conversation goes along.</p>
      {suggestions.map((text) => (
        <button key={text} type="button" onClick={() => ask(text)}>
          {text}
        </button>
      ))}
    </div>
  )
}

function totalOf(messages: readonly UIMessage<Told>[]): string {
  const costs = messages.flatMap(({ metadata }) => metadata?.usd ?? [])
  return costs.length === 0 ? 'Each answer says what it cost.' : `${dollars(costs.reduce((sum, usd) => sum + usd))} so far`
}
