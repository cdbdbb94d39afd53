import { expect, test } from 'vitest'
import { isPublicEndpoint, originOf } from '../../src/providers/origins.js'

test('a vendor’s own address is one of a region too, and none that only looks like it', () => {
  for (const own of [
    'https://api.openai.com/v1/responses',
    'https://eu.api.openai.com/v1/chat/completions',
    'https://api.anthropic.com/v1/messages',
    'https://generativelanguage.googleapis.com/v1beta/models/m:generateContent',
  ])
    expect([own, isPublicEndpoint(own)]).toEqual([own, true])
  for (const other of [
    'http://api.openai.com/v1',
    'https://api.openai.com.example/v1',
    'https://apixopenai.com/v1',
    'https://proxy.example//eu.api.openai.com/v1',
    'https://eu.api.openai.com@proxy.example/v1',
  ])
    expect([other, isPublicEndpoint(other)]).toEqual([other, false])
})

test('who is meant by a protocol is its maker, and OpenAI by those that others speak', () => {
  expect(['gemini', 'bedrock-converse', 'anthropic-messages', 'openai-responses'].map(originOf)).toEqual([
    'google',
    'bedrock',
    'anthropic',
    'openai',
  ])
})
