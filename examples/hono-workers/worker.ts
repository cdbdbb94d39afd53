import { Hono, type HonoRequest } from 'hono'
import { createLeash, type Leash, LeashError } from 'leashllm/leash'

/** Variables and secrets of the Worker. */
interface Env extends Record<string, string> {
  /** JSON: the team of each key. */
  readonly TEAM_KEYS: string
}

/** One for all requests that this isolate serves; each isolate counts its limits for itself. */
let leash: Leash | undefined

function leashOf(env: Env): Leash {
  leash ??= createLeash({
    providers: { openai: { env }, anthropic: { env } },
    rateLimit: [{ limit: { requests: 60 }, per: 'minute' }],
    timeouts: { attemptMs: 60_000 },
  })
  return leash
}

/** Each SDK sends its key in a header of its own. */
function teamOf(request: HonoRequest, env: Env): string {
  const key = request.header('x-api-key') ?? request.header('x-goog-api-key') ?? request.header('authorization') ?? ''
  const team = new Map(Object.entries<string>(JSON.parse(env.TEAM_KEYS))).get(key.replace('Bearer ', ''))
  if (team === undefined) throw new LeashError('authentication_failed', 'This key is not known here.')
  return team
}

const app = new Hono<{ Bindings: Env }>()

app.get('/', (context) => context.text('Set this address as the base URL of your SDK.\n'))

// OpenAI's and Anthropic's clients ask below /v1, Google's below /v1beta; all may name any model.
app.on('POST', ['/v1/*', '/v1beta/*'], ({ req, env }) =>
  leashOf(env).handle(req.raw, { leash: () => ({ tenant: teamOf(req, env) }) }),
)

export default app
