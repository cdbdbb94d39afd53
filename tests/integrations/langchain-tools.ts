/** What agents of LangChain's have at hand in tests. */
import { tool } from '@langchain/core/tools'
import { z } from 'zod'

export const weather = tool(async ({ city }: { city: string }) => `24 degrees in ${city}`, {
  name: 'get_weather',
  description: 'The weather in a city, now.',
  schema: z.object({ city: z.string() }),
})

export const clock = tool(async () => 'noon', {
  name: 'get_time',
  description: 'The time.',
  schema: z.object({ zone: z.string() }),
})

export const tools = [weather, clock]
