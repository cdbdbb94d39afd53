/** Shapes that many options have. */
import * as z from './shape.js'

export const fn = z.custom((value) => typeof value === 'function', 'a function')
export const word = z.string().check(z.minLength(1))
export const whole = z.int().check(z.minimum(0))
export const count = z.int().check(z.minimum(1))
export const amount = z.number().check(z.minimum(0))
export const share = amount.check(z.maximum(1))
