/**
 * Property tests draw the same cases in every run, so that a run fails only for what has changed.
 * `PROPERTY_SEED=random npm test` looks for new ones; a failure names its seed, which goes here in place of `random`.
 */
import fc from 'fast-check'

const asked = process.env.PROPERTY_SEED
if (asked !== 'random') fc.configureGlobal({ seed: Number(asked ?? 20261121) })
