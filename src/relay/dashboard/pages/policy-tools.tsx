/** What helps to write a policy. */
import { examples } from '../policy-examples.js'
import { shadowOf } from '../shadow.js'

export interface ToolsProps {
  readonly text: string
  readonly onChange: (text: string) => void
}

export function Tools({ text, onChange }: ToolsProps) {
  const { on, turned } = shadowOf(text)
  return (
    <div class="tools">
      <label class="inline">
        <span class="unseen">Add an example</span>
        <select
          value=""
          onChange={({ currentTarget }) => {
            const example = examples.find(({ name }) => name === currentTarget.value)
            if (example) onChange(example.addTo(text))
            currentTarget.value = ''
          }}
        >
          <option value="">Add an example…</option>
          {examples.map(({ name }) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <label class="inline" title="What would be refused is told in the calls and in the audit, and let through.">
        <input
          type="checkbox"
          checked={on}
          disabled={turned === undefined}
          onChange={() => turned !== undefined && onChange(turned)}
        />
        <span>Only try out (shadow)</span>
      </label>
    </div>
  )
}
