/**
 * Whether anything grows: of the client, or of a relay.
 *
 * npm run soak [-- leashllm | openai | relay] [part of the calls, such as 0.1]
 */
const [of] = process.argv.slice(2)
await import(of === 'relay' ? './relay-soak.ts' : './client-soak.ts')
