import type { SignatureFormat } from '../core/message.js'

const formats: readonly SignatureFormat[] = ['anthropic-claude-v1', 'google-gemini-v1', 'openai-responses-v1']

export const isFormat = (value: unknown): value is SignatureFormat => formats.some((format) => format === value)
