/** Whether a tenant, or somebody of one, is served. Who is deleted stays on the books. */
export const statuses = ['active', 'suspended', 'deleted'] as const
export type Status = (typeof statuses)[number]

/** What it may be changed to. To delete is another matter. */
export const givenStatuses = ['active', 'suspended'] as const
export type GivenStatus = (typeof givenStatuses)[number]

export const isGiven = (status: string | undefined): boolean =>
  status === undefined || givenStatuses.some((one) => one === status)
