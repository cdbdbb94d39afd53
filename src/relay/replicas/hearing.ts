import type { Hearers, Topic } from './replicas.js'

/** Whom to tell of what. */
export const hearing = ({ policies, keys, config }: Hearers): Readonly<Record<Topic, (name?: string) => void>> => ({
  policy: (name) => policies.heard(name),
  keys: (name) => keys.heard(name),
  config: () => config.heard(),
})
