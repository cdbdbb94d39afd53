/** @returns what is made of an object, the very same each time, for as long as the object is there */
export function onceFor<Of extends object, Made extends object>(make: (of: Of) => Made): (of: Of) => Made {
  const known = new WeakMap<Of, Made>()
  return (of) => {
    let made = known.get(of)
    if (!made) {
      made = make(of)
      known.set(of, made)
    }
    return made
  }
}
