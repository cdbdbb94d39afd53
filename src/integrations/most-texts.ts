/** OpenAI embeds no more texts in one request (https://platform.openai.com/docs/api-reference/embeddings/create); for others, the stack divides them. */
export const mostTexts = 2048
