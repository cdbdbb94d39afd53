#!/usr/bin/env node
/** Where the command `leash` begins. */
// A relay reads what there is when it starts: it may be told to before all of it is loaded.
if (process.argv[2] === 'relay') process.on('SIGHUP', () => {})
const { main } = await import('./main.js')
await main(new URL('../../package.json', import.meta.url))
