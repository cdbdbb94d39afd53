/** Gemini's thought signatures. https://ai.google.dev/gemini-api/docs/thought-signatures */
import { asArray, asObject, asObjects, type Members } from '../../../core/json.js'
import { sorted } from '../../../core/sorted.js'
import { refuse, type World } from '../../mock/vendor.js'

/** Google's own words for histories that were not made by Gemini. */
const excuses = new Set(['context_engineering_is_the_way_to_go', 'skip_thought_signature_validator'])

const onText = 'gemini-text'
const onCall = 'gemini-call'

/** Bound to the call, so that one put on another call is noticed. */
const contentOf = (name: unknown, args: unknown) => `${name} ${JSON.stringify(sorted(args ?? {}))}`

export function signText(nonce: string, { seal }: World): string {
  return seal.sign(onText, '', nonce)
}

export function signCall(name: string, args: unknown, nonce: string, { seal }: World): string {
  return seal.sign(onCall, contentOf(name, args), nonce)
}

export function checkThoughtSignatures(contents: readonly Members[], insists: boolean, world: World): void {
  for (const content of contents) {
    for (const part of asObjects(content.parts)) {
      const token = part.thoughtSignature ?? part.thought_signature
      if (token === undefined || excuses.has(String(token))) continue
      const call = asObject(part.functionCall)
      const holds = part.functionCall
        ? world.seal.holds(token, onCall, contentOf(call.name, call.args))
        : world.seal.holds(token, onText, '')
      if (!holds) refuse(400, 'Corrupted thought signature.')
    }
  }
  // "If a required thought signature is not returned when using Gemini 3 models, the model will return a 400 error": older ones warn.
  if (insists) checkCurrentTurn(contents)
}

/** In the current turn, which starts at the user's last words, the first call of each step has its signature. */
function checkCurrentTurn(contents: readonly Members[]): void {
  const start = contents.findLastIndex(
    ({ role, parts }) => role !== 'model' && asArray(parts).some((part) => asObject(part).text !== undefined),
  )
  for (const [index, { role, parts }] of contents.entries()) {
    if (index <= start || role !== 'model') continue
    const all = asObjects(parts)
    const first = all.findIndex((part) => part.functionCall !== undefined)
    const call = all[first]
    if (call && call.thoughtSignature === undefined && call.thought_signature === undefined) {
      refuse(
        400,
        `Function call is missing a thought_signature in functionCall parts. This is required for tools to work correctly, and missing thought_signature may lead to degraded model performance. Additional data, function call \`default_api:${asObject(call.functionCall).name}\` , position ${index + 1}. Please refer to https://ai.google.dev/gemini-api/docs/thought-signatures for more details.`,
      )
    }
  }
}
