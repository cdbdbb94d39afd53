/** What this runtime is, as far as it matters to who keeps files and waits on sockets. */

/** Workers have Node's modules too, over files that are gone with the request. */
export function hasFiles(): boolean {
  return Boolean(globalThis.process?.versions?.node) && globalThis.navigator?.userAgent !== 'Cloudflare-Workers'
}

/** Bun and Deno have Node's modules, but not all that its sockets can. */
export function isNode(): boolean {
  return hasFiles() && !('Bun' in globalThis) && !('Deno' in globalThis)
}
