/** A text field for code: lines have numbers, and one of them may be wrong. */
export interface EditorProps {
  readonly label: string
  readonly value: string
  readonly badLine: number | undefined
  /** Absent: it is only to be read. */
  readonly onChange: ((value: string) => void) | undefined
}

const leastLines = 14

export function Editor({ label, value, badLine, onChange }: EditorProps) {
  const lines = value.split('\n').length
  return (
    <div class="editor">
      <div class="gutter" aria-hidden="true">
        {Array.from({ length: lines }, (_, at) => (
          <span key={at} class={at + 1 === badLine ? 'bad' : ''}>
            {at + 1}
          </span>
        ))}
      </div>
      <textarea
        aria-label={label}
        value={value}
        rows={Math.max(lines, leastLines)}
        wrap="off"
        spellcheck={false}
        autocomplete="off"
        autocapitalize="off"
        aria-invalid={badLine !== undefined}
        readOnly={!onChange}
        onInput={(event) => onChange?.(event.currentTarget.value)}
        onKeyDown={onChange && indent}
      />
    </div>
  )
}

/** A new line begins where the one before it did. Tab stays what it is: the way to the next field. */
function indent(event: KeyboardEvent): void {
  const field = event.currentTarget
  if (event.key !== 'Enter' || event.isComposing || !(field instanceof HTMLTextAreaElement)) return
  const before = field.value.slice(0, field.selectionStart)
  const line = before.slice(before.lastIndexOf('\n') + 1)
  const [spaces = ''] = /^ */.exec(line) ?? []
  const deeper = /[{[]\s*$/.test(line) ? '  ' : ''
  event.preventDefault()
  field.setRangeText(`\n${spaces}${deeper}`, field.selectionStart, field.selectionEnd, 'end')
  field.dispatchEvent(new Event('input', { bubbles: true }))
}
