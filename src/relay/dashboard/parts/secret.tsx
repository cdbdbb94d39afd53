/** What is shown this once. */
import type { ComponentChildren } from 'preact'
import { Dialog } from './dialog.js'
import { CopyButton } from './page.js'

export interface SecretProps {
  readonly title: string
  readonly secret: string
  readonly hint: ComponentChildren
  readonly onClose: () => void
  readonly children: ComponentChildren
}

export function Secret({ title, secret, hint, onClose, children }: SecretProps) {
  return (
    <Dialog title={title} onClose={onClose} sticky>
      <div class="fields">
        <p>{children}</p>
        <output class="secret code">{secret}</output>
        <p class="hint">{hint}</p>
      </div>
      <footer>
        <button type="button" onClick={onClose}>
          Done
        </button>
        <CopyButton text={secret} />
      </footer>
    </Dialog>
  )
}
