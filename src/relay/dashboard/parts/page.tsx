/** The head of a page, and small things that stand on several. */
import type { ComponentChildren } from 'preact'
import { useEffect, useState } from 'preact/hooks'
import { ago, moment } from '../format.js'
import { Icon } from './icon.js'

export interface PageProps {
  readonly title: string
  readonly about?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

export function Page({ title, about, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · LeashLLM relay`
  }, [title])
  return (
    <>
      <header class="page-head">
        <div>
          <h1>{title}</h1>
          {about && <p>{about}</p>}
        </div>
        {actions && <div class="actions">{actions}</div>}
      </header>
      {children}
    </>
  )
}

export function Card({ title, aside, children }: { title?: string; aside?: ComponentChildren; children: ComponentChildren }) {
  return (
    <section class="card" aria-label={title}>
      {(title || aside) && (
        <header>
          {title && <h2>{title}</h2>}
          {aside}
        </header>
      )}
      {children}
    </section>
  )
}

export type Tone = 'good' | 'bad' | 'odd' | 'plain'

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>
}

/** Of a tenant or a user. */
export function Status({ of }: { readonly of: string }) {
  return <Badge tone={of === 'active' ? 'good' : 'odd'}>{of}</Badge>
}

export function Time({ at, as = ago }: { readonly at: number; readonly as?: (at: number) => string }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={moment(at)}>
      {as(at)}
    </time>
  )
}

/** What is told of a thing, by names. */
export function Facts({ of, more = '' }: { readonly of: readonly Fact[]; readonly more?: 'pad' | 'small' | '' }) {
  return (
    <dl class={`facts ${more}`}>
      {of.map(([name, value]) => (
        <div>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  )
}

export type Fact = readonly [name: ComponentChildren, value: string]

/** A part of a whole, from 0 to 1. */
export function Share({ of }: { readonly of: number }) {
  return (
    <span class="share" aria-hidden="true">
      <span style={{ width: `${Math.max(of * 100, of > 0 ? 1.5 : 0)}%` }} />
    </span>
  )
}

export function CopyButton({ text }: { readonly text: string }) {
  const [copied, setCopied] = useState(false)
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text)
      setCopied(true)
    } catch {
      // Not granted, as on a plain http address of another machine: the text can still be selected by hand.
      setCopied(false)
    }
  }
  return (
    <button type="button" class="primary" onClick={copy}>
      <Icon name={copied ? 'check' : 'copy'} />
      {copied ? 'Copied' : 'Copy'}
    </button>
  )
}
