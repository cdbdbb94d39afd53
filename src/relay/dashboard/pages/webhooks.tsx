/** Who is told of what happens here, what was told, and what could not be. */
import { useState } from 'preact/hooks'
import type { WebhookEndpoint } from '../../webhooks/endpoints.js'
import type { Delivery, DeliveryStatus } from '../../webhooks/queue.js'
import { ask, messageOf } from '../api.js'
import { ago, moment } from '../format.js'
import { useList } from '../list.js'
import { Icon } from '../parts/icon.js'
import { More } from '../parts/more.js'
import { Badge, Card, Page, Time, type Tone } from '../parts/page.js'
import { Secret } from '../parts/secret.js'
import { Empty, Loaded } from '../parts/states.js'
import { Action, type Column, Table } from '../parts/table.js'
import { toast } from '../parts/toast.js'
import { useResource } from '../resource.js'
import { type Asked, WebhookForm } from './webhook-form.js'

const path = '/v1/admin/webhooks'

export function WebhooksPage() {
  const hooks = useResource<{ readonly items: readonly WebhookEndpoint[] }>(path)
  const [asked, setAsked] = useState<Asked>()
  const [secret, setSecret] = useState('')
  const done = (text: string, secret = '') => {
    setAsked(undefined)
    setSecret(secret)
    toast(text)
    hooks.reload()
  }
  const test = async ({ id, url }: WebhookEndpoint) => {
    try {
      await ask(`${path}/${id}/test`, { method: 'POST' })
      toast(`A test goes to ${new URL(url).host}. Below you see how it fares.`)
    } catch (error) {
      toast(messageOf(error))
    }
  }
  const create = (
    <button type="button" class="primary" onClick={() => setAsked({ what: 'create' })}>
      <Icon name="plus" /> New webhook
    </button>
  )
  return (
    <Page
      title="Webhooks"
      about="Budgets, keys, policies and odd spending, told to addresses of yours, each message signed by Standard Webhooks."
      actions={create}
    >
      <Card title="Endpoints">
        <Loaded resource={hooks}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty icon="webhooks" title="No webhooks yet">
                <p>Add the URL of a service to notify when a budget runs out or a policy changes.</p>
                {create}
              </Empty>
            ) : (
              <Table columns={columnsOf(setAsked, test)} rows={items} keyOf={({ id }) => id} past={({ enabled }) => !enabled} />
            )
          }
        </Loaded>
      </Card>
      <Deliveries of={hooks.value?.items ?? []} />
      {asked && <WebhookForm asked={asked} path={path} onClose={() => setAsked(undefined)} onDone={done} />}
      {secret && (
        <Secret
          title="Copy the secret now"
          secret={secret}
          onClose={() => setSecret('')}
          hint="Any library for Standard Webhooks takes it as it is."
        >
          By it the receiver knows that a message is from this relay. It is shown this once.
        </Secret>
      )}
    </Page>
  )
}

function columnsOf(onAsk: (asked: Asked) => void, onTest: (hook: WebhookEndpoint) => void): Column<WebhookEndpoint>[] {
  return [
    {
      head: 'Endpoint',
      as: 'name',
      cell: ({ url, description }) => (
        <>
          <span class="name">{url}</span>
          {description && <span class="under">{description}</span>}
        </>
      ),
    },
    { head: 'Status', cell: ({ enabled }) => <Badge tone={enabled ? 'good' : 'odd'}>{enabled ? 'on' : 'off'}</Badge> },
    { head: 'Events', class: 'scopes', cell: ({ events }) => events?.join(', ') ?? 'all of them' },
    { head: 'Tenant', cell: ({ tenant }) => tenant ?? <span class="muted">all</span> },
    {
      head: 'Actions',
      as: 'actions',
      cell: (hook) => (
        <>
          <Action text="Test" to={hook.url} onDo={() => onTest(hook)} />
          <Action text="Change" to={hook.url} onDo={() => onAsk({ what: 'change', hook })} />
          <Action text="New secret" to={hook.url} onDo={() => onAsk({ what: 'rotate', hook })} />
          <Action text="Delete" to={hook.url} risky onDo={() => onAsk({ what: 'delete', hook })} />
        </>
      ),
    },
  ]
}

const looks: Readonly<Record<DeliveryStatus, readonly [tone: Tone, text: string]>> = {
  pending: ['odd', 'waiting'],
  delivered: ['good', 'delivered'],
  dead: ['bad', 'given up'],
}

function Deliveries({ of }: { readonly of: readonly WebhookEndpoint[] }) {
  const [status, setStatus] = useState('')
  const deliveries = useList<Delivery>(`${path}/deliveries${status && `?status=${status}`}`, 'after', 5000)
  const urls = new Map(of.map(({ id, url }) => [id, url]))
  const retry = async (id: string) => {
    try {
      await ask(`${path}/deliveries/${encodeURIComponent(id)}/retry`, { method: 'POST' })
      toast('It is sent once more.')
    } catch (error) {
      toast(messageOf(error))
    }
    deliveries.reload()
  }
  const columns: readonly Column<Delivery>[] = [
    {
      head: 'Event',
      as: 'name',
      cell: ({ type, endpoint }) => (
        <>
          <code>{type}</code>
          <span class="under">{urls.get(endpoint) ?? endpoint}</span>
        </>
      ),
    },
    { head: 'Status', cell: ({ status }) => <Badge tone={looks[status][0]}>{looks[status][1]}</Badge> },
    { head: 'Tries', as: 'number', cell: ({ attempts }) => attempts },
    { head: 'Last answer', class: 'small', cell: ({ last }) => last },
    { head: 'Made', cell: ({ createdAt }) => <Time at={createdAt} /> },
    {
      head: 'Next or end',
      cell: ({ status, nextAt, endedAt }) => {
        const at = status === 'pending' ? nextAt : endedAt
        return at && <Time at={at} as={at > Date.now() ? moment : ago} />
      },
    },
    {
      head: 'Actions',
      as: 'actions',
      cell: ({ id, type, status }) => status === 'dead' && <Action text="Retry" to={type} onDo={() => retry(id)} />,
    },
  ]
  return (
    <Card
      title="Deliveries"
      aside={
        <label class="inline">
          <span class="unseen">Deliveries to show</span>
          <select value={status} onChange={({ currentTarget }) => setStatus(currentTarget.value)}>
            <option value="">All</option>
            {Object.entries(looks).map(([value, [, text]]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      }
    >
      <Loaded resource={deliveries}>
        {({ items }) =>
          items.length === 0 ? (
            <p class="muted pad">{status ? 'None of these.' : 'Nothing yet.'}</p>
          ) : (
            <>
              <Table columns={columns} rows={items} keyOf={({ id }) => id} />
              <More of={deliveries} />
            </>
          )
        }
      </Loaded>
    </Card>
  )
}
