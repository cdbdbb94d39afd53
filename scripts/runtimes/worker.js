import { program } from './program.js'

export default {
  fetch: async (request) => Response.json(await program(new URL(request.url).searchParams.get('mock'))),
}
