import { expect, test } from 'vitest'
import { keepConst } from '../../scripts/keep-const.js'

test('what has its value from the start and keeps it is a constant', () => {
  expect(keepConst('var a=1,b=()=>a;var C=class{};export{a,b};')).toBe('const a=1,b=()=>a;const C=class{};export{a,b};')
})

test.each([
  ['comes to its value later', 'var a;a=1;'],
  ['is given another', 'var a=1;function f(){a=2}'],
  ['is counted up', 'var a=1;a++;'],
  ['is given one with others', 'var a=1;[a]=[2];'],
  ['is one of a loop', 'var a=1;for(a of[2]);'],
  ['is one of a loop over names', 'var a=1;for(a in{});'],
  ['is made twice', 'var a=1;var a=2;'],
  ['shares its statement with one that changes', 'var a=1,b=2;b+=1;'],
  ['shares its name with one that changes elsewhere', 'var a=1;function f(){let a;a=2}'],
])('what %s stays a variable', (_, code) => {
  expect(keepConst(code)).toBe(code)
})

test('members of a constant may change, and what is not at the top stays as it is', () => {
  expect(keepConst('var a={};a.b=1;function f(){var c=1}')).toBe('const a={};a.b=1;function f(){var c=1}')
})

test('code that is none is refused', () => {
  expect(() => keepConst('var = 1')).toThrow(SyntaxError)
})
