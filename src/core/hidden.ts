/** Gives back what it is given, so that a class built on it adds its private field to an object of somebody else. */
const Given = function given(object: object) {
  return object
} as unknown as new (
  object: object,
) => object

export interface Hidden<T> {
  get(object: object): T | undefined
  set(object: object, value: T): void
}

/**
 * A value on an object that is not ours, seen by nobody else. A `WeakMap` does the same, but each of its entries costs
 * the garbage collector, and a call would make several.
 */
export function hidden<T>(): Hidden<T> {
  return class Slot extends Given {
    #value: T

    private constructor(object: object, value: T) {
      super(object)
      this.#value = value
    }

    static get(object: object): T | undefined {
      return #value in object ? object.#value : undefined
    }

    static set(object: object, value: T): void {
      if (#value in object) object.#value = value
      else new Slot(object, value)
    }
  }
}
