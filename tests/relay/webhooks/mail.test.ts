import { type AddressInfo, createServer, type Socket } from 'node:net'
import { createTransport } from 'nodemailer'
import { SMTPServer } from 'smtp-server'
import { expect, it, onTestFinished, test } from 'vitest'
import { openMailer } from '../../../src/relay/webhooks/mail.js'
import { mailSender } from '../../../src/relay/webhooks/senders.js'
import { until, useMock } from '../../helpers/mock.js'
import { openRelay } from '../helpers.js'

const mock = useMock()

async function openSmtp({ refuse = false, authenticates = true } = {}) {
  const mails: { readonly to: string[]; readonly text: string; readonly user: unknown }[] = []
  const server = new SMTPServer({
    authOptional: !authenticates,
    allowInsecureAuth: true,
    hideSTARTTLS: true,
    onAuth: ({ username, password }, _, done) =>
      username === 'leash' && password === 'open sesame' ? done(null, { user: username }) : done(new Error('no')),
    onData(stream, { envelope, user }, done) {
      let text = ''
      stream.on('data', (chunk) => {
        text += chunk
      })
      stream.on('end', () => {
        if (refuse) return done(Object.assign(new Error('no room'), { responseCode: 452 }))
        mails.push({ to: envelope.rcptTo.map(({ address }) => address), text, user })
        done()
      })
    },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const address = server.server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return { url: `smtp://leash:open%20sesame@127.0.0.1:${port}`, mails }
}

it('tells what was asked for by mail, and what it says of a tenant cannot be a header', async () => {
  const smtp = await openSmtp()
  const relay = await openRelay(mock.url, {
    mail: { url: smtp.url, from: 'leash@example.com', to: ['ops@example.com', 'cfo@example.com'], events: ['key.created'] },
  })
  await relay.ask('POST', '/v1/admin/keys', { tenant: 'default', name: 'x' })
  await until(() => smtp.mails.length === 1)
  expect(smtp.mails).toMatchObject([{ to: ['ops@example.com', 'cfo@example.com'], user: 'leash' }])
  expect(smtp.mails[0]?.text).toMatch(/^Subject: \[leash\] key\.created: default\r$/m)
  expect(smtp.mails[0]?.text).toContain('action: key.create')
  expect((await relay.ask('GET', '/v1/admin/webhooks/deliveries?endpoint=mail')).body.items).toMatchObject([
    { status: 'delivered', type: 'key.created' },
  ])
  expect(JSON.stringify((await relay.ask('GET', '/v1/admin/config')).body)).not.toContain('sesame')
})

it('goes by the configuration as it is now, to another server, and to none', async () => {
  const [one, other] = [await openSmtp(), await openSmtp()]
  const mail = { from: 'leash@example.com', to: ['ops@example.com'], events: ['key.created'] as const }
  const relay = await openRelay(mock.url, { mail: { ...mail, url: one.url } })
  const tell = () => relay.ask('POST', '/v1/admin/keys', { tenant: 'default' })
  await tell()
  await until(() => one.mails.length === 1)
  await relay.reload({ ...relay.options, mail: { ...mail, url: other.url, to: ['cfo@example.com'] } })
  await tell()
  await until(() => other.mails.length === 1)
  expect(other.mails[0]?.to).toEqual(['cfo@example.com'])
  const { mail: _, ...rest } = relay.options
  await relay.reload(rest)
  await tell()
  expect((await relay.ask('GET', '/v1/admin/webhooks/deliveries?endpoint=mail')).body.items).toHaveLength(2)
  expect(one.mails).toHaveLength(1)
})

test('the mail server of these tests lets nobody in without the password', async () => {
  const { url, mails } = await openSmtp()
  const stranger = createTransport(url.replace('sesame', 'says me'))
  await expect(stranger.sendMail({ from: 'a@example.com', to: 'b@example.com', text: 'x' })).rejects.toThrow(/login/i)
  expect(mails).toEqual([])
})

const mail = { id: 'msg_1', type: 'key.created', tenant: 'red\r\nBcc: eve@example.com', body: '{"data":{"a":1}}' } as const

test('a mail that a server refuses is a failure that may pass', async () => {
  const { url } = await openSmtp({ refuse: true })
  const mailer = openMailer({ url, from: 'leash@example.com', to: ['ops@example.com'] })
  await expect(mailer.send(mail)).rejects.toMatchObject({ code: 'network_error', retryable: true })
  mailer.close()
})

test('a password goes to no other machine in the clear', async () => {
  const { url, mails } = await openSmtp()
  // Written so, this machine is known to nobody as itself.
  const elsewhere = openMailer({ url: url.replace('127.0.0.1', '127.1'), from: 'a@example.com', to: ['b@example.com'] })
  const body = JSON.stringify({ data: {} })
  await expect(elsewhere.send({ id: 'msg_1', type: 'key.created', tenant: '', body })).rejects.toMatchObject({
    code: 'network_error',
  })
  expect(mails).toEqual([])
})

test('a mail that nobody is configured for any more is given up', async () => {
  const mail = { id: 'msg_1', endpoint: 'mail', type: 'key.created', tenant: '', body: '{}', status: 'pending' } as const
  const due = { ...mail, attempts: 1, createdAt: 1, nextAt: 1, last: '' }
  expect(await mailSender(() => undefined)(due, new AbortController().signal)).toMatchObject({ ok: false, final: true })
})

test('a name with a line in it makes no header', async () => {
  const { url, mails } = await openSmtp()
  const mailer = openMailer({ url, from: 'leash@example.com', to: ['ops@example.com'] })
  await mailer.send(mail)
  await mailer.send({ ...mail, tenant: '' })
  mailer.close()
  expect(mails[0]?.to).toEqual(['ops@example.com'])
  expect(mails[0]?.text).not.toMatch(/^Bcc:/m)
  expect(mails[1]?.text).toMatch(/^Subject: \[leash\] [\w.]+\r$/m)
})

test('a server that does not answer fails, and says nothing of the password', async () => {
  const mailer = openMailer({ url: 'smtp://leash:sesame@127.0.0.1:1', from: 'a@example.com', to: ['b@example.com'] })
  const error = await mailer.send(mail).catch((error) => error)
  expect(error).toMatchObject({ code: 'network_error' })
  expect(error.message).not.toContain('sesame')
})

test('a server that never comes to an end is not waited for, be it that the time is over or the relay stops', async () => {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    const says = setInterval(() => socket.write('250-and more\r\n'), 10)
    socket.on('error', () => {}).once('close', () => clearInterval(says))
    socket.write('220 welcome\r\n')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const mailer = openMailer({ url: `smtp://127.0.0.1:${port}`, from: 'leash@example.com', to: ['ops@example.com'] })
  const due = { ...mail, endpoint: 'mail', status: 'pending', attempts: 1, createdAt: 0, nextAt: 0, last: '' } as const
  await expect(mailSender(() => mailer, 50)(due, new AbortController().signal)).rejects.toMatchObject({
    code: 'deadline_exceeded',
  })
  const stop = new AbortController()
  const sent = mailSender(() => mailer)(due, stop.signal)
  const failed = expect(sent).rejects.toMatchObject({ code: 'aborted' })
  await until(() => sockets.size === 2)
  stop.abort()
  await failed
  mailer.close()
})
