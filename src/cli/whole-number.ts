import { LeashError } from '../core/errors.js'

/** @param wrong what to say of anything else @throws LeashError `invalid_config` */
export function wholeNumber(typed: string, least: number, most: number, wrong: string): number {
  const number = Number(typed)
  if (typed.trim() !== '' && Number.isInteger(number) && number >= least && number <= most) return number
  throw new LeashError('invalid_config', `"${typed}" is ${wrong}.`)
}

export const portOf = (typed: string): number => wholeNumber(typed, 0, 65_535, 'not a port: give a number from 0 to 65535')
