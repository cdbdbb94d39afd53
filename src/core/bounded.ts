/** Bodies of strangers, of which no more is read than was agreed. */
type Body = AsyncIterable<Uint8Array> | null | undefined

/** @param tooLarge what is thrown when there are more bytes than `most` */
export async function bytesWithin(body: Body, most: number, tooLarge: () => Error): Promise<Uint8Array<ArrayBuffer>> {
  const parts: Uint8Array[] = []
  let size = 0
  for await (const part of body ?? []) {
    size += part.byteLength
    if (size > most) throw tooLarge()
    parts.push(part)
  }
  const whole = new Uint8Array(size)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.byteLength
  }
  return whole
}

/** What is no UTF-8 in it reads as U+FFFD. */
export async function textWithin(body: Body, most: number, tooLarge: () => Error): Promise<string> {
  return new TextDecoder().decode(await bytesWithin(body, most, tooLarge))
}
