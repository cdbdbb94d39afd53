#!/usr/bin/env node
/** Where the command `leash` begins. */
// Older ones fail in the midst of a command, by words that nobody understands.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 13)) {
  console.error(`leash needs Node 22.13 or newer, and this is ${process.versions.node}.`)
  process.exit(1)
}
// A relay reads what there is when it starts: it may be told to before all of it is loaded.
if (process.argv[2] === 'relay') process.on('SIGHUP', () => {})
const { main } = await import('./main.js')
await main(new URL('../../package.json', import.meta.url))
