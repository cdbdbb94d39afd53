/** One line that says what has just been done, and goes away. */
import { useEffect, useState } from 'preact/hooks'

const shownMs = 4000
let show: (text: string) => void = () => {}

export const toast = (text: string): void => show(text)

export function Toasts() {
  const [text, setText] = useState('')
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined
    show = (text) => {
      clearTimeout(timer)
      setText(text)
      timer = setTimeout(() => setText(''), shownMs)
    }
    return () => {
      clearTimeout(timer)
      show = () => {}
    }
  }, [])
  return (
    <div class="toasts" role="status" aria-live="polite">
      {text && <p class="toast">{text}</p>}
    </div>
  )
}
