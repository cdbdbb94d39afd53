/** Who the end user is. A vendor that does not take the name of one refuses the whole call. */
import { fnv1a } from '../core/fnv1a.js'
import type { ReportLoss } from './protocol.js'

const seeds = [0x811c9dc5, 0x1b873593, 0xcc9e2d51, 0x9e3779b9]

/** @param takes the names that the target takes: another becomes a hash, the same for the same user each time */
export function userId(user: string | undefined, takes: RegExp, lose: ReportLoss): string | undefined {
  if (user === undefined || takes.test(user)) return user
  lose('user', 'approximated', 'the target refuses such a name: a hash of it is sent, the same for the same user each time')
  return seeds.map((seed) => fnv1a(user, seed).toString(16).padStart(8, '0')).join('')
}

/** "Invalid 'user': string too long. Expected a string with maximum length 64". Claude Code has names of 150. */
export const openAiUser = /^.{0,64}$/s
