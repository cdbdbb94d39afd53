/** Meter events in a file, one line of JSON each, and none of them twice. */
import { open } from 'node:fs/promises'
import { asObject, parseJson } from '../../core/json.js'

/** A relay that died between writing and saying so tries again soon: it stands among the last ones. */
const tailBytes = 1024 * 1024

export async function appendOnce(path: string, body: string): Promise<'written' | 'known'> {
  const file = await open(path, 'a+', 0o600)
  try {
    const { size } = await file.stat()
    const length = Math.min(size, tailBytes)
    const tail = Buffer.alloc(length)
    await file.read(tail, 0, length, size - length)
    const text = tail.toString('utf8')
    const identifier = (line: string) => asObject(parseJson(line)).identifier
    if (text.split('\n').some((line) => line !== '' && identifier(line) === identifier(body))) return 'known'
    // What was cut off in the middle of a line stays a line of its own.
    await file.appendFile(`${text === '' || text.endsWith('\n') ? '' : '\n'}${body}\n`)
    await file.sync()
    return 'written'
  } finally {
    await file.close()
  }
}
