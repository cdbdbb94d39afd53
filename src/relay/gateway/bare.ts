/**
 * A class to extend in place of one of the platform's: an `instanceof` it all the same, without what its constructor does, which
 * takes longer than all that the relay does with the object. Nothing of the platform's may be left in it that reads its inside.
 */
export function bare<T>(platform: { readonly prototype: T }): new () => T {
  const made = function made() {} as unknown as { new (): T; prototype: T }
  made.prototype = platform.prototype
  return made
}
