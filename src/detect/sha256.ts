/** SHA-256 (FIPS 180-4) of at most 55 bytes, at once: the platform's own can only be waited for. */
const rounds = new Int32Array(64)
const initial = new Int32Array(8)
{
  // The first 32 bits of the fractions of the roots of the first primes.
  const fraction = (root: number) => ((root - Math.floor(root)) * 2 ** 32) | 0
  for (let candidate = 2, found = 0; found < 64; candidate++) {
    let divisor = 2
    while (divisor * divisor <= candidate && candidate % divisor !== 0) divisor++
    if (divisor * divisor <= candidate) continue
    if (found < 8) initial[found] = fraction(Math.sqrt(candidate))
    rounds[found++] = fraction(Math.cbrt(candidate))
  }
}

const schedule = new Int32Array(64)
const at = (words: Int32Array, index: number): number => words[index] ?? 0
const turned = (word: number, by: number): number => (word >>> by) | (word << (32 - by))

/** Into `out`, 32 bytes. */
export function sha256(bytes: Uint8Array, length: number, out: Uint8Array): void {
  schedule.fill(0, 0, 16)
  for (let byte = 0; byte <= length; byte++) {
    const value = byte === length ? 0x80 : (bytes[byte] ?? 0)
    schedule[byte >> 2] = at(schedule, byte >> 2) | (value << (24 - (byte & 3) * 8))
  }
  schedule[15] = length * 8
  for (let word = 16; word < 64; word++) {
    const [a, b] = [at(schedule, word - 15), at(schedule, word - 2)]
    const low = turned(a, 7) ^ turned(a, 18) ^ (a >>> 3)
    const high = turned(b, 17) ^ turned(b, 19) ^ (b >>> 10)
    schedule[word] = (at(schedule, word - 16) + low + at(schedule, word - 7) + high) | 0
  }
  compress(out)
}

function compress(out: Uint8Array): void {
  let [a, b, c, d] = [at(initial, 0), at(initial, 1), at(initial, 2), at(initial, 3)]
  let [e, f, g, h] = [at(initial, 4), at(initial, 5), at(initial, 6), at(initial, 7)]
  for (let round = 0; round < 64; round++) {
    const choice = (e & f) ^ (~e & g)
    const one = (h + (turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)) + choice + at(rounds, round) + at(schedule, round)) | 0
    const majority = (a & b) ^ (a & c) ^ (b & c)
    const two = ((turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)) + majority) | 0
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + two) | 0
  }
  const state = [a, b, c, d, e, f, g, h]
  for (let byte = 0; byte < 32; byte++) {
    const word = byte >> 2
    out[byte] = ((at(initial, word) + (state[word] ?? 0)) | 0) >>> (24 - (byte & 3) * 8)
  }
}
