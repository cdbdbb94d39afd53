/** The platform's own dialog: it keeps the focus inside, and is left by Escape. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { messageOf } from '../api.js'
import { Icon } from './icon.js'

export interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  /** Only its own buttons close it: what it shows is shown once. */
  readonly sticky?: boolean
  readonly children: ComponentChildren
}

export function Dialog({ title, onClose, sticky = false, children }: DialogProps) {
  const ref = useRef<HTMLDialogElement>(null)
  const id = useId()
  useEffect(() => {
    const dialog = ref.current
    const before = document.activeElement
    dialog?.showModal()
    return () => {
      dialog?.close()
      // What is taken out of the page gives nothing back by itself.
      if (before instanceof HTMLElement) before.focus()
    }
  }, [])
  return (
    <dialog
      ref={ref}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault()
        if (!sticky) onClose()
      }}
    >
      <header>
        <h2 id={id}>{title}</h2>
        {!sticky && (
          <button type="button" class="quiet square" aria-label="Close" onClick={onClose}>
            <Icon name="close" />
          </button>
        )}
      </header>
      {children}
    </dialog>
  )
}

export interface FormDialogProps {
  readonly title: string
  readonly action: string
  readonly danger?: boolean
  /** Not to be done, for a reason that the dialog says. */
  readonly blocked?: boolean
  readonly onClose: () => void
  /** Its failure is shown, and the dialog stays. */
  readonly onSubmit: (fields: FormData) => Promise<void>
  readonly children: ComponentChildren
}

/** Also for questions, whose form has no field. */
export function FormDialog({ title, action, danger = false, blocked = false, onClose, onSubmit, children }: FormDialogProps) {
  const [busy, setBusy] = useState(false)
  const [error, setError] = useState<unknown>()
  const submit = async (event: SubmitEvent) => {
    event.preventDefault()
    if (busy || !(event.target instanceof HTMLFormElement)) return
    setBusy(true)
    setError(undefined)
    try {
      await onSubmit(new FormData(event.target))
    } catch (error) {
      setError(error)
      setBusy(false)
    }
  }
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <div class="fields">{children}</div>
        {error !== undefined && (
          <p class="problem" role="alert">
            {messageOf(error)}
          </p>
        )}
        <footer>
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={danger ? 'danger' : 'primary'} disabled={busy || blocked}>
            {action}
          </button>
        </footer>
      </form>
    </Dialog>
  )
}

/** What was typed, or nothing. */
export const typed = (fields: FormData, name: string): string | undefined => {
  const value = fields.get(name)
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined
}
