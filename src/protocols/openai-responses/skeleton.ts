/** The response object around the output: what the API echoes of the request, and how the answer ended. */
import type { CustomTool, FunctionTool, Response } from 'openai/resources/responses/responses'
import { callId } from '../../core/id.js'
import type { ChatRequest, FinishReason } from '../../core/message.js'
import { takesText } from '../custom-tool.js'
import { encodeFormat } from './settings.js'
import { encodeToolChoice, encodeTools } from './tools.js'

/** `output_text` is made by the SDKs, and `access_programs` is of OpenAI's accounts. */
export type WireResponse = Omit<Response, 'output_text' | 'access_programs'> & { store: false }

export interface Identity {
  readonly id: string
  readonly model: string
  readonly created?: number
}

export function skeleton(request: ChatRequest, { id, model, created }: Identity): WireResponse {
  const { reasoning, responseFormat = { type: 'text' }, toolChoice = { type: 'auto' }, tools = [] } = request
  return {
    id: id.startsWith('resp_') ? id : `resp_${id || callId()}`,
    object: 'response',
    created_at: created ?? Math.floor(Date.now() / 1000),
    status: 'in_progress',
    background: false,
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: request.maxTokens ?? null,
    model,
    output: [],
    parallel_tool_calls: request.parallelToolCalls ?? true,
    previous_response_id: null,
    reasoning: { effort: reasoning?.effort ?? null, summary: reasoning?.show ? 'auto' : null },
    store: false,
    temperature: request.temperature ?? null,
    text: { format: encodeFormat(responseFormat) },
    tool_choice:
      toolChoice.type === 'tool' && takesText(request, toolChoice.name)
        ? { type: 'custom', name: toolChoice.name }
        : encodeToolChoice(toolChoice),
    // A custom tool is echoed as its caller wrote it.
    tools: tools.flatMap((tool): (CustomTool | FunctionTool)[] =>
      tool.custom ? [tool.custom as unknown as CustomTool] : encodeTools([tool], () => {}),
    ),
    top_p: request.topP ?? null,
    truncation: 'disabled',
    ...(request.user !== undefined && { user: request.user }),
    metadata: { ...request.metadata },
  }
}

type Ending = Pick<Response, 'incomplete_details' | 'error'> & { status: 'completed' | 'incomplete' | 'failed' }

const incomplete = (reason?: 'max_output_tokens' | 'content_filter'): Ending => ({
  status: 'incomplete',
  incomplete_details: reason ? { reason } : null,
  error: null,
})

/** `refused`: the output says so itself, in a refusal part. A refusal without one is what this API calls a filter. */
export function endingOf(reason: FinishReason, refused: boolean): Ending {
  switch (reason) {
    case 'stop':
    case 'stop-sequence':
    case 'tool-calls':
      return { status: 'completed', incomplete_details: null, error: null }
    case 'refusal':
      return refused ? { status: 'completed', incomplete_details: null, error: null } : incomplete('content_filter')
    case 'length':
      return incomplete('max_output_tokens')
    case 'content-filter':
      return incomplete('content_filter')
    case 'pause':
    case 'other':
      return incomplete()
    case 'error':
      return {
        status: 'failed',
        incomplete_details: null,
        error: { code: 'server_error', message: 'The target ended the answer with an error.' },
      }
  }
}
