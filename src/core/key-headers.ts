/** Headers that vendors take a key in. */
export const keyHeaders: readonly string[] = ['authorization', 'x-api-key', 'api-key', 'x-goog-api-key']
