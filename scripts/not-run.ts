/** What a gate ends with that cannot run here, and has said why: `EX_TEMPFAIL` of sysexits.h. */
export const notRun = 75
