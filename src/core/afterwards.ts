/** For so long after its window has ended, or it has expired, is what a budget knows of it still there. */
export const afterwardsMs = 24 * 3600 * 1000
