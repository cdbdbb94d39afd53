/** What is asked before a webhook is made, changed or taken out. */
import type { WebhookEndpoint } from '../../webhooks/endpoints.js'
import { eventTypes } from '../../webhooks/events.js'
import { ask } from '../api.js'
import { FormDialog, typed } from '../parts/dialog.js'
import { TenantOptions } from '../parts/tenant-select.js'
import { useTenants } from '../tenant-list.js'

export type Asked =
  | { readonly what: 'create' }
  | { readonly what: 'change' | 'rotate' | 'delete'; readonly hook: WebhookEndpoint }

export interface WebhookFormProps {
  readonly asked: Asked
  readonly path: string
  readonly onClose: () => void
  readonly onDone: (text: string, secret?: string) => void
}

export function WebhookForm({ asked, path, onClose, onDone }: WebhookFormProps) {
  const tenants = useTenants()
  if (asked.what === 'create') {
    const submit = async (fields: FormData) => {
      const [url, tenant] = [typed(fields, 'url'), typed(fields, 'tenant')]
      const body = { url, ...(tenant && { tenant }), ...wanted(fields) }
      const { secret } = await ask<{ readonly secret: string }>(path, { method: 'POST', body })
      onDone('The webhook is created.', secret)
    }
    return (
      <FormDialog title="New webhook" action="Create webhook" onClose={onClose} onSubmit={submit}>
        <Fields />
        <label>
          Tenant
          <select name="tenant">
            <TenantOptions tenants={tenants.all} all="All tenants, and the relay itself" />
          </select>
        </label>
      </FormDialog>
    )
  }
  const { what, hook } = asked
  const at = `${path}/${encodeURIComponent(hook.id)}`
  const { host } = new URL(hook.url)
  if (what === 'change') {
    const submit = async (fields: FormData) => {
      const body = { url: typed(fields, 'url'), enabled: fields.has('enabled'), ...wanted(fields) }
      await ask(at, { method: 'PATCH', body })
      onDone('The webhook is changed.')
    }
    return (
      <FormDialog title="Change webhook" action="Save" onClose={onClose} onSubmit={submit}>
        <Fields hook={hook} />
        <fieldset class="checks">
          <label>
            <input type="checkbox" name="enabled" defaultChecked={hook.enabled} />
            <span>Enabled</span>
          </label>
        </fieldset>
      </FormDialog>
    )
  }
  const rotates = what === 'rotate'
  const submit = async () => {
    if (rotates)
      return onDone('The secret is new.', (await ask<{ readonly secret: string }>(`${at}/rotate`, { method: 'POST' })).secret)
    await ask(at, { method: 'DELETE' })
    onDone('The webhook is deleted.')
  }
  return (
    <FormDialog
      title={rotates ? `New secret for ${host}?` : `Delete the webhook of ${host}?`}
      action={rotates ? 'Make a new secret' : 'Delete webhook'}
      danger={!rotates}
      onClose={onClose}
      onSubmit={submit}
    >
      <p>
        {rotates
          ? 'For a day each message is signed by both, so that the receiver can switch.'
          : 'It gets no more events. Those that wait for it are not sent.'}
      </p>
    </FormDialog>
  )
}

function Fields({ hook }: { readonly hook?: WebhookEndpoint }) {
  return (
    <>
      <label>
        Address
        <input
          name="url"
          type="url"
          required
          autocomplete="off"
          spellcheck={false}
          placeholder="https://example.com/hooks"
          defaultValue={hook?.url ?? ''}
        />
      </label>
      <label>
        Description
        <input name="description" maxlength={200} autocomplete="off" defaultValue={hook?.description ?? ''} />
      </label>
      <fieldset class="checks two">
        <legend>Events</legend>
        {eventTypes.map((type) => (
          <label key={type}>
            <input type="checkbox" name="event" value={type} defaultChecked={hook?.events?.includes(type) ?? true} />
            <code>{type}</code>
          </label>
        ))}
      </fieldset>
    </>
  )
}

function wanted(fields: FormData) {
  const value = fields.get('description')
  return { events: fields.getAll('event'), description: typeof value === 'string' ? value.trim() : '' }
}
