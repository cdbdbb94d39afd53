/** Which of several weighted targets a call gets. */

/** One of the indexes, as often as its weight is in the sum of all. A weight of 0 is never drawn. */
export function draw(weights: readonly number[], random: () => number): number {
  const sum = weights.reduce((sum, weight) => sum + weight, 0)
  let rest = random() * sum
  let last = -1
  for (const [index, weight] of weights.entries()) {
    if (weight <= 0) continue
    last = index
    rest -= weight
    if (rest < 0) return index
  }
  // Rounding may leave a trifle.
  return last
}

/**
 * The index that this subject always gets, each as often as its weight over many subjects. Each key's hash with the subject
 * stands for an exponential wait at the rate of its weight, and the shortest wins. So a target that comes or goes, or whose
 * weight changes, moves only the subjects that it gains or loses.
 *
 * Source: weighted rendezvous hashing, https://en.wikipedia.org/wiki/Rendezvous_hashing#Weighted_rendezvous_hash
 */
export function assign(subject: string, keys: readonly string[], weights: readonly number[]): number {
  let best = -1
  let shortest = Number.POSITIVE_INFINITY
  for (const [index, key] of keys.entries()) {
    const weight = weights[index] ?? 0
    if (weight <= 0) continue
    const wait = -Math.log(evenly(`${subject}\0${key}`)) / weight
    if (wait < shortest || best === -1) {
      shortest = wait
      best = index
    }
  }
  return best
}

/** A number between 0 and 1, neither of them, the same for the same text in every process. */
export function evenly(text: string): number {
  return (mixed(fnv1a(text)) + 0.5) / 2 ** 32
}

/** http://www.isthe.com/chongo/tech/comp/fnv/, over UTF-16 units in two bytes each. */
function fnv1a(text: string): number {
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193)
    hash = Math.imul(hash ^ (unit >> 8), 0x01000193)
  }
  return hash
}

/** MurmurHash3's last step: FNV alone leaves the high bits of texts that differ at their end nearly the same. */
function mixed(hash: number): number {
  let h = hash ^ (hash >>> 16)
  h = Math.imul(h, 0x85ebca6b)
  h ^= h >>> 13
  h = Math.imul(h, 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}
