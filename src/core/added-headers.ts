/**
 * Headers that a layer adds to an answer, made when somebody reads them: an SDK asks for two or three, by their names, and to
 * copy all of a vendor's for each answer would cost more than the layer itself.
 */
import type { Report } from './call.js'
import { hidden } from './hidden.js'

/** @param theirs names of the vendor's own */
type Make = (theirs: Iterable<string>) => Readonly<Record<string, string>>

const makers = hidden<Make>()

/** To the answer that this report is about. Their names begin with `x-leash-` or `x-ratelimit-`. */
export function addHeaders(report: Report, make: Make): void {
  makers.set(report, make)
}

export function addedHeaders(report: Report, theirs: Iterable<string>): [name: string, value: string][] {
  const make = makers.get(report)
  return make ? Object.entries(make(theirs)) : []
}
