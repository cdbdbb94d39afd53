import type { ProviderHealth } from '../../core/health.js'

/** As a tenant is told of it: what the relay's own keys are called, and what it lacks, is none of a tenant's business. */
export const toTenant = ({ name, ready, probe }: ProviderHealth): ProviderHealth => ({ name, ready, ...(probe && { probe }) })
