import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

setFlagsFromString('--expose-gc')

/** A full collection, now: V8 has it ready for whoever makes a context after asking for it. */
export const collect: () => void = runInNewContext('gc')
