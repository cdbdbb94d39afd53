/**
 * The base URL in `OLLAMA_HOST`, which is written for the server: scheme and port may be missing, and the address may
 * mean "every interface", which no client can call.
 * https://docs.ollama.com/faq#how-do-i-configure-ollama-server
 */
export function ollamaBase(host: string): string {
  const [, scheme, rest = ''] = /^(?:(https?):\/\/)?(.*)$/s.exec(host) ?? []
  const url = URL.parse(`http://${rest.startsWith(':') ? `127.0.0.1${rest}` : rest}`)
  if (!url) return host
  const everywhere = url.hostname === '0.0.0.0' || url.hostname === '[::]'
  const port = /^[^/]*:\d+(\/|$)/.test(rest) ? url.port || '80' : scheme === 'https' ? '443' : scheme === 'http' ? '80' : '11434'
  const path = url.pathname.replace(/\/+$/, '').replace(/\/v1$/, '')
  return `${scheme ?? 'http'}://${everywhere ? '127.0.0.1' : url.hostname}:${port}${path}/v1`
}
