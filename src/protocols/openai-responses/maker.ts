/**
 * Whose reasoning an item holds. Others speak this protocol too, and refuse with 400 what they have not written themselves ("Could not
 * decrypt the provided encrypted_content"); no member says who has, but the values do. OpenAI's are Fernet tokens
 * (https://github.com/fernet/spec/blob/master/Spec.md) under ids of plain hex, xAI's are base64 with `+` and `/` under UUIDs.
 */
const fernet = /^gAAAAA/
const plainBase64 = /[+/]/
const uuid = /^rs_[\da-f]{8}-/

const openAiModel = /(?:^|[/:])(?:gpt-(?!oss)|o\d|codex-|computer-use-|chatgpt-)/i
/** None of these reads what OpenAI has written. A name that is neither, such as a deployment's, may be of a model of either. */
const otherModel = /(?:^|[/:])(?:grok|gpt-oss|llama|qwen|kimi|deepseek|mistral|sonar)/i

/** Whether the model is known to be of no vendor that could read it. */
export function isUnreadable(encrypted: string, model: string, id = ''): boolean {
  if (fernet.test(encrypted)) return otherModel.test(model)
  return openAiModel.test(model) && (plainBase64.test(encrypted) || uuid.test(id))
}
