import { expect, test } from 'vitest'
import { protocolsAt } from '../../src/protocols/index.js'

test('an address leads to the protocols that may be spoken there', () => {
  expect(protocolsAt('/v1/chat/completions')).toEqual(['openai-chat'])
  expect(protocolsAt(`/model/arn:aws:bedrock:us-east-1:1:application-inference-profile/${'a'.repeat(1900)}/converse`)).toEqual([
    'bedrock-converse',
  ])
})

test('an address that is longer than any vendor’s is nobody’s, and no pattern is run over it', () => {
  expect(protocolsAt(`${'/model'.repeat(700)}/x/converse`)).toEqual([])
})
