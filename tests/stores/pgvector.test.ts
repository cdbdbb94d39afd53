/** Over a real Postgres, and the real extension, compiled to WebAssembly. */
import { PGlite } from '@electric-sql/pglite'
import { vector } from '@electric-sql/pglite-pgvector'
import fc from 'fast-check'
import type { Client, Pool } from 'pg'
import { afterAll, afterEach, describe, expect, expectTypeOf, test, vi } from 'vitest'
import { createLeash } from '../../src/leash.js'
import { dot, unit } from '../../src/middleware/semantic-cache/vectors.js'
import { type PostgresClient, pgvector } from '../../src/stores/index.js'
import { mockProviders } from '../../src/testing/index.js'
import { useMock } from '../helpers/mock.js'

const mock = useMock()
const postgres = await PGlite.create({ extensions: { vector } })
const at = (...numbers: number[]) => unit(Float32Array.from(numbers)) ?? new Float32Array(numbers.length)
const minute = 60_000
let tables = 0
const open = () => pgvector(postgres, { table: `answers_${++tables}` })

afterEach(() => {
  vi.restoreAllMocks()
})
afterAll(() => postgres.close())

describe('the index in Postgres', () => {
  test('finds the nearest of all, if it is near enough', async () => {
    const numbers = fc
      .array(fc.integer({ min: -5, max: 5 }), { minLength: 3, maxLength: 3 })
      .filter((all) => all.some((n) => n !== 0))
    const vectors = numbers.map((all) => at(...all))
    await fc.assert(
      fc.asyncProperty(
        fc.array(vectors, { minLength: 1, maxLength: 8 }),
        vectors,
        fc.double({ min: 0, max: 1, noNaN: true }),
        async (all, asked, threshold) => {
          const index = open()
          for (const [n, one] of all.entries()) await index.add('s', one, String(n), minute)
          const best = Math.max(...all.map((one) => dot(one, asked)))
          fc.pre(Math.abs(best - threshold) > 1e-4)
          const found = await index.nearest('s', asked, threshold)
          expect(found !== undefined).toBe(best >= threshold)
          if (found) expect(found.similarity).toBeCloseTo(best, 5)
        },
      ),
      { numRuns: 20 },
    )
  })

  test('keeps spaces apart, and vectors of other lengths', async () => {
    const index = open()
    await index.add('a', at(1, 0), 'x', minute)
    expect(await index.nearest('b', at(1, 0), 0)).toBeUndefined()
    expect(await index.nearest('a', at(1, 0, 0), 0)).toBeUndefined()
    await index.add('ab', at(1, 0), 'y', minute)
    await index.add('b%_', at(1, 0), 'z', minute)
    expect(await index.clear('a')).toBe(2)
    expect(await index.clear('b%')).toBe(1)
  })

  test('takes spaces of any length, and answers of bytes', async () => {
    const index = open()
    const space = 'instructions '.repeat(2000)
    const bytes = Uint8Array.from([0, 255, 10, 92])
    await index.add(space, at(1, 0), bytes, minute)
    expect((await index.nearest(space, at(1, 0), 0.9))?.value).toEqual(bytes)
  })

  test('has one answer to one question, the newest', async () => {
    const index = open()
    await index.add('s', at(1, 1), 'old', minute)
    await index.add('s', at(2, 2), 'new', minute)
    expect((await index.nearest('s', at(1, 1), 0.9))?.value).toBe('new')
    expect(await index.clear('')).toBe(1)
  })

  test('forgets what has had its time', async () => {
    const index = open()
    await index.add('s', at(1, 0), 'short', 1000)
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 1001)
    expect(await index.nearest('s', at(1, 0), 0.5)).toBeUndefined()
    await index.add('t', at(1, 0), 'other', minute)
    expect(await index.clear('')).toBe(1)
  })

  test('may have an index of pgvector’s own, for vectors of one length', async () => {
    const table = `answers_${++tables}`
    const index = pgvector(postgres, { table })
    await index.add('s', at(1, 0), 'x', minute)
    await postgres.exec(`ALTER TABLE ${table} ALTER embedding TYPE vector(2);
      CREATE INDEX ON ${table} USING hnsw (embedding vector_cosine_ops); SET enable_seqscan = off`)
    await index.add('s', at(0, 1), 'y', minute)
    expect(await index.nearest('s', at(1, 0), 0.9)).toMatchObject({ value: 'x' })
    await postgres.exec('RESET enable_seqscan')
  })

  test('needs no right to make anything where its table is there', async () => {
    const table = `answers_${++tables}`
    await pgvector(postgres, { table }).add('s', at(1, 0), 'x', minute)
    await postgres.exec(`CREATE ROLE reader_${tables}; GRANT SELECT, INSERT, DELETE ON ${table} TO reader_${tables};
      GRANT USAGE ON SEQUENCE ${table}_id_seq TO reader_${tables}; SET ROLE reader_${tables}`)
    try {
      const index = pgvector(postgres, { table })
      expect(await index.nearest('s', at(1, 0), 0.5)).toMatchObject({ value: 'x' })
      await index.add('s', at(0, 1), 'y', minute)
      expect(await index.clear('s')).toBe(2)
    } finally {
      await postgres.exec('RESET ROLE')
    }
  })

  test('takes the clients of `pg`', () => {
    expectTypeOf<Pool>().toExtend<PostgresClient>()
    expectTypeOf<Client>().toExtend<PostgresClient>()
  })

  test('refuses a name of a table that could be more than that', () => {
    expect(() => pgvector(postgres, { table: 'a; DROP TABLE b' })).toThrow('`table`')
  })

  test('answers nearly the same question under a leash, and another process too', async () => {
    const semanticCache = { embed: 'nearDuplicate', index: open(), sample: 0 } as const
    const ask = async (content: string) => {
      const leash = createLeash({ providers: mockProviders(mock.url), semanticCache })
      const body = JSON.stringify({ model: 'gpt-4o-mini', messages: [{ role: 'user', content }] })
      const response = await leash.handle(new Request('http://leash.test/v1/chat/completions', { method: 'POST', body }))
      await response.text()
      await leash.close()
      return response.headers.get('x-leash-cache')
    }
    expect(await ask('Which planet has the most moons of all of them?')).not.toBe('similar')
    expect(await ask('Which planet has the most moons, of all of them?')).toBe('similar')
    expect(mock.requests).toHaveLength(1)
  })
})
