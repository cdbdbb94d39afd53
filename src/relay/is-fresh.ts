/**
 * Whether what was read at that time is believed still. A clock that was set back in between makes nothing believed for longer.
 *
 * @param at milliseconds since 1970, as `now` is
 */
export const isFresh = (at: number, now: number, ms: number): boolean => at <= now && now < at + ms
