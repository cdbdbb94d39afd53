/** @jsxImportSource react */
import { type FormEvent, type KeyboardEvent, useState } from 'react'

interface Props {
  readonly busy: boolean
  readonly send: (text: string) => void
  readonly stop: () => void
}

export function Composer({ busy, send, stop }: Props) {
  const [text, setText] = useState('')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (busy || text.trim() === '') return
    send(text.trim())
    setText('')
  }
  // Whoever writes Chinese or Japanese ends a word with the same key.
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing) submit(event)
  }
  return (
    <form onSubmit={submit}>
      <textarea
        aria-label="Message"
        placeholder="Write a message"
        rows={1}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={onKeyDown}
      />
      {busy ? (
        <button key="stop" type="button" onClick={stop}>
          Stop
        </button>
      ) : (
        <button key="send" type="submit" disabled={text.trim() === ''}>
          Send
        </button>
      )}
    </form>
  )
}
