import type { LeashError } from '../../core/errors.js'
import { asObject, isObject, parseJson } from '../../core/json.js'
import type { Usage } from '../../core/usage.js'
import { isAwsFailure } from '../aws-error.js'
import { compileTexts } from '../lens.js'
import { isMalformed, malformedEvent } from '../malformed.js'
import type { Lens, Tap, TextKind, WireEvent } from '../protocol.js'
import { streamError } from './error.js'
import { tierIn, usageFrom } from './wire.js'

/** Where the texts of a list of content blocks stand. */
function blocks(at: string): Record<string, TextKind> {
  return {
    [`${at}.*.text`]: 'text',
    [`${at}.*.toolUse.input`]: 'arguments',
    [`${at}.*.toolResult.content.*.text`]: 'tool-result',
    [`${at}.*.toolResult.content.*.json`]: 'tool-result',
    [`${at}.*.toolResult.content.*.document.source.text`]: 'tool-result',
    [`${at}.*.toolResult.content.*.document.source.content.*.text`]: 'tool-result',
    [`${at}.*.toolResult.content.*.document.context`]: 'tool-result',
    [`${at}.*.toolResult.content.*.searchResult.title`]: 'tool-result',
    [`${at}.*.toolResult.content.*.searchResult.content.*.text`]: 'tool-result',
    [`${at}.*.reasoningContent.reasoningText.text`]: 'reasoning',
    [`${at}.*.citationsContent.content.*.text`]: 'text',
    [`${at}.*.citationsContent.citations.*.title`]: 'text',
    [`${at}.*.citationsContent.citations.*.sourceContent.*.text`]: 'text',
    [`${at}.*.guardContent.text.text`]: 'text',
    [`${at}.*.document.source.text`]: 'text',
    [`${at}.*.document.source.content.*.text`]: 'text',
    [`${at}.*.document.context`]: 'text',
    [`${at}.*.searchResult.title`]: 'text',
    [`${at}.*.searchResult.content.*.text`]: 'text',
  }
}

export const lens: Lens = {
  replaceRequest: compileTexts({
    ...blocks('system'),
    ...blocks('messages.*.content'),
    'toolConfig.tools.*.toolSpec.description': 'description',
    'outputConfig.textFormat.structure.jsonSchema.description': 'description',
    // Values by name: each stands in the prompt.
    promptVariables: 'text',
  }),
  replaceResponse: compileTexts(blocks('output.message.content')),
  replaceEvent: compileTexts({
    'delta.text': 'text',
    'delta.toolUse.input': 'arguments',
    'delta.toolResult.*.text': 'tool-result',
    'delta.toolResult.*.json': 'tool-result',
    'delta.reasoningContent.text': 'reasoning',
    'delta.citation.title': 'text',
    'delta.citation.sourceContent.*.text': 'text',
  }),
  usage: (body) => usageFrom(asObject(body).usage),
  tier: tierIn,
  usageMembers: ['usage', 'serviceTier'],
  tap: () => new ConverseTap(),
}

class ConverseTap implements Tap {
  content = false
  terminal = false
  usage: Usage | undefined
  tier: string | undefined
  error: LeashError | undefined

  see({ event = '', data }: WireEvent): void {
    if (isAwsFailure(event)) this.error = streamError(event, data)
    else if (!this.terminal && isMalformed(data)) this.error ??= malformedEvent()
    else if (event === 'contentBlockDelta' || event === 'contentBlockStart') this.content = true
    else if (event === 'messageStop') this.content = this.terminal = true
    else if (event === 'metadata') {
      const payload = parseJson(data)
      if (isObject(payload)) this.usage = usageFrom(payload.usage) ?? this.usage
      this.tier = tierIn(payload)
    }
  }
}
