import type { Target } from './call.js'

/** A prompt may have been passed in a model's place. */
const longest = 200

/** A target's name, for people and as a key: `openai/gpt-4o-mini`, with the host behind it where that is not the vendor's own. */
export function targetName({ provider, model, origin }: Target): string {
  const name = `${provider.name}/${model.length > longest ? model.slice(0, longest) : model}`
  return origin === undefined || origin.isVendor ? name : `${name}@${hostOf(origin.url)}`
}

/** No `URL` is made: this is asked for each call. What stands before an `@` is a name and password. */
function hostOf(url: string): string {
  const start = url.indexOf('//') + 2
  const end = url.indexOf('/', start)
  const host = end === -1 ? url.slice(start) : url.slice(start, end)
  return host.slice(host.lastIndexOf('@') + 1)
}
