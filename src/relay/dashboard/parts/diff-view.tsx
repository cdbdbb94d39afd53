import { diffLines, nearChanges } from '../diff.js'

const said = { '+': 'added', '-': 'removed', ' ': '' } as const

export function Diff({ before, after }: { readonly before: string; readonly after: string }) {
  const lines = diffLines(before, after)
  if (lines.every(({ sign }) => sign === ' ')) return <p class="muted pad">Nothing yet.</p>
  const added = lines.filter(({ sign }) => sign === '+').length
  const removed = lines.filter(({ sign }) => sign === '-').length
  return (
    <div class="diff">
      <p class="diff-sum">
        <span class="plus">+{added}</span> <span class="minus">−{removed}</span>
      </p>
      <div class="scroll">
        <pre>
          {nearChanges(lines).map((line, at) =>
            'left' in line ? (
              <span key={at} class="left">
                {line.left} {line.left === 1 ? 'line' : 'lines'} as before
              </span>
            ) : (
              <span key={at} class={said[line.sign]}>
                {line.sign} {line.text}
              </span>
            ),
          )}
        </pre>
      </div>
    </div>
  )
}
