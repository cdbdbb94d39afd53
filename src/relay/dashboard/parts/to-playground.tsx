import { hrefOf } from '../router.js'
import { mayCall } from '../session.js'
import { Icon } from './icon.js'

/** For who may call models. */
export function ToPlayground() {
  if (!mayCall()) return null
  return (
    <a class="button primary" href={hrefOf('playground')}>
      <Icon name="playground" /> Open the playground
    </a>
  )
}
