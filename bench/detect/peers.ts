/** Other detectors on npm, each measured when it is installed. They are no dependencies of ours: `npm i --no-save` what you want to compare. */

export interface Peer {
  readonly name: string
  readonly run: (text: string) => unknown
}

/** Redacts or detects, whichever a peer does: it is timed, not asked where. */
const known: readonly { readonly name: string; readonly open: (loaded: Loaded) => (text: string) => unknown }[] = [
  {
    name: '@redactpii/node',
    open: ({ Redactor }) => {
      const redactor = new (Redactor as new (options: object) => { redact(text: string): string })({
        rules: { CREDIT_CARD: true, EMAIL: true, NAME: false, PHONE: true, SSN: true },
      })
      return (text) => redactor.redact(text)
    },
  },
  {
    name: '@cdssnc/sanitize-pii',
    open: ({ redactor, sanitize, default: main }) => (redactor ?? sanitize ?? main) as (text: string) => unknown,
  },
  {
    name: '@libretto/redact-pii-light',
    open: ({ SyncRedactor }) => {
      const redactor = new (SyncRedactor as new () => { redact(text: string): string })()
      return (text) => redactor.redact(text)
    },
  },
]

type Loaded = Readonly<Record<string, unknown>>

export const install = `npm i --no-save ${known.map(({ name }) => name).join(' ')}`

/** Those that are there, and that find the address in a sentence: one whose interface has changed is left out rather than timed at nothing. */
export async function installedPeers(): Promise<Peer[]> {
  const peers: Peer[] = []
  for (const { name, open } of known) {
    try {
      const run = open((await import(name)) as Loaded)
      const sample = 'Write to jane.doe@mail.org or call 415-555-0132, SSN 536-22-1234.'
      if (JSON.stringify(await run(sample)) !== JSON.stringify(sample)) peers.push({ name, run })
    } catch {
      // Not installed, or not as it was when this was written.
    }
  }
  return peers
}
