/** @jsxImportSource react */
import type { UIMessage } from 'ai'
import type { Told } from '../models.ts'
import { dollars } from './words.ts'

interface Props {
  readonly message: UIMessage<Told>
  /** More of it is on its way. */
  readonly coming: boolean
}

export function Message({ message: { role, parts, metadata }, coming }: Props) {
  const text = parts.map((part) => (part.type === 'text' ? part.text : '')).join('')
  if (text === '') return null
  return (
    <article className={role}>
      <p className={coming && role === 'assistant' ? 'coming' : ''}>{text}</p>
      {role === 'assistant' && !coming && <Cost told={metadata} />}
    </article>
  )
}

function Cost({ told }: { readonly told: Told | undefined }) {
  if (!told) return <p className="told">not finished</p>
  const { provider, model, usd, tokens } = told
  return (
    <p className="told">
      <b>{provider}</b> {model} · {tokens} tokens · {usd === null ? 'price unknown' : dollars(usd)}
    </p>
  )
}
