import { defineCommand } from 'citty'
import { ask, askAll, checkVerb, needed, printItems, segment } from './administration.js'
import { printJson, telling } from './output.js'
import { secretFrom } from './secret-input.js'

export const users = defineCommand({
  meta: {
    name: 'users',
    description: 'The people of a tenant; "users create --email E", "users suspend|activate|password|delete ID".',
  },
  args: {
    verb: { type: 'positional', description: 'create, change, suspend, activate, password or delete', required: false },
    id: { type: 'positional', description: 'Id of the user', required: false },
    tenant: { type: 'string', description: 'Slug of the tenant', default: 'default' },
    email: { type: 'string', description: 'Email address' },
    name: { type: 'string', description: 'Display name' },
    role: { type: 'string', description: 'owner, admin, member or viewer' },
    json: { type: 'boolean', description: 'Print JSON' },
  },
  run: ({ args: { verb, id, tenant, email, name, role, json } }) =>
    telling(json, async () => {
      const path = `tenants/${segment(tenant)}/users`
      const said = { email, name, role }
      if (verb === undefined)
        return printItems(await askAll(path), json, ({ id, role, status, email, name }) => [id, role, status, email, name])
      checkVerb('users', verb, ['create', 'change', 'suspend', 'activate', 'password', 'delete'])
      if (verb === 'create') {
        needed(email, 'leash users create ID --email ADDRESS')
        return printJson(await ask('POST', path, { id, ...said }))
      }
      const one = `${path}/${segment(needed(id, `leash users ${verb} ID`))}`
      if (verb === 'change') return printJson(await ask('PATCH', one, said))
      if (verb === 'suspend') return printJson(await ask('PATCH', one, { status: 'suspended' }))
      if (verb === 'activate') return printJson(await ask('PATCH', one, { status: 'active' }))
      if (verb === 'password')
        return void (await ask('PUT', `${one}/password`, { password: await secretFrom('LEASH_USER_PASSWORD', 'the password') }))
      await ask('DELETE', one)
    }),
})
