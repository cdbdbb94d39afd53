import { describe, expect, it } from 'vitest'
import { bedrockConverse } from '../../../src/protocols/bedrock-converse/index.js'

describe('the address of a Bedrock call', () => {
  it.each([
    ['/model/us.anthropic.claude-3-7-sonnet-20250219-v1%3A0/converse', 'us.anthropic.claude-3-7-sonnet-20250219-v1:0', false],
    ['/model/amazon.nova-pro-v1:0/converse-stream', 'amazon.nova-pro-v1:0', true],
    [
      '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ainference-profile%2Fus.amazon.nova/converse',
      'arn:aws:bedrock:us-east-1:1:inference-profile/us.amazon.nova',
      false,
    ],
    [
      '/proxy/model/arn:aws:bedrock:us-east-1:1:inference-profile/us.x/converse',
      'arn:aws:bedrock:us-east-1:1:inference-profile/us.x',
      false,
    ],
    ['/model/100%/converse', '100%', false],
  ])('names the model and whether it streams: %s', (path, model, stream) => {
    expect(bedrockConverse.match(path, {})).toEqual({ model, stream })
  })

  it.each(['/model/x/invoke', '/model//converse', '/v1/messages', '/model/x/converse/more', '/converse'])('is not %s', (path) => {
    expect(bedrockConverse.match(path, {})).toBeUndefined()
  })

  it('keeps the model out of the body', () => {
    const body = { messages: [] }
    expect(bedrockConverse.withModel(body, 'other')).toBe(body)
  })
})
