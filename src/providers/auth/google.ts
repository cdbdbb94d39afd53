/** Who we are at Google Cloud, by google-auth-library: it knows all the ways, from a key file to a virtual machine's identity. */
import type { AuthClient, GoogleAuth, GoogleAuthOptions } from 'google-auth-library'
import { codeOf } from '../../core/code-of.js'
import { LeashError, messageOf } from '../../core/errors.js'
import { asObject, asString, compact } from '../../core/json.js'
import { absent, loadOptional } from '../../core/optional.js'
import type { HeaderMap } from '../headers.js'

/** The JSON of a key file, as the Google Cloud console gives it. */
export interface GoogleCredentials {
  readonly type?: string
  readonly client_email?: string
  readonly private_key?: string
  readonly private_key_id?: string
  readonly project_id?: string
  readonly quota_project_id?: string
  readonly token_uri?: string
  readonly [member: string]: unknown
}

export interface GoogleIdentity {
  /** The headers that prove it to the given address. Tokens are kept until shortly before they expire. */
  headers(url: string): Promise<HeaderMap>
  /** The project that the credentials belong to, where they tell. */
  project(): Promise<string | undefined>
}

const scopes = ['https://www.googleapis.com/auth/cloud-platform']
const tokenUrl = 'https://oauth2.googleapis.com/token'

/** The given credentials, else the application default ones (https://cloud.google.com/docs/authentication/application-default-credentials). */
export function googleIdentity(provider: string, credentials?: GoogleCredentials): GoogleIdentity {
  let opened: Promise<{ auth: GoogleAuth; client: AuthClient }> | undefined
  const ready = () => {
    opened ??= open(credentials).catch((error: unknown) => {
      opened = undefined
      throw error
    })
    return opened
  }
  return {
    async headers(url) {
      try {
        const { client } = await ready()
        return Object.fromEntries(await client.getRequestHeaders(url))
      } catch (error) {
        throw explain(error, provider)
      }
    },
    async project() {
      try {
        const { auth } = await ready()
        return (await auth.getProjectId()) || undefined
      } catch (error) {
        if (error instanceof LeashError) throw error
        return undefined
      }
    },
  }
}

async function open(credentials: GoogleCredentials | undefined): Promise<{ auth: GoogleAuth; client: AuthClient }> {
  const library = await loadOptional('google-auth-library', async () => {
    try {
      return await import('google-auth-library')
    } catch (error) {
      return absent(error)
    }
  })
  const auth = new library.GoogleAuth({ scopes, ...(credentials && given(credentials, library)) })
  const client = await auth.getClient()
  honourTokenUri(client, credentials?.token_uri ?? asString(asObject(auth.jsonContent).token_uri))
  return { auth, client }
}

/** A key file becomes a client, because the library warns on the console about credentials given as JSON. */
function given(credentials: GoogleCredentials, { JWT }: typeof import('google-auth-library')): GoogleAuthOptions {
  const { client_email, private_key, private_key_id, project_id, quota_project_id } = credentials
  if (!private_key || !client_email) return { credentials: { ...credentials } }
  const jwt = compact({ email: client_email, key: private_key, keyId: private_key_id, quotaProjectId: quota_project_id })
  return { authClient: new JWT({ ...jwt, scopes }), ...(project_id && { projectId: project_id }) }
}

/** The library asks Google's own token server, whatever the key file says (11.3); another one may be meant. */
function honourTokenUri(client: AuthClient, uri: string | undefined): void {
  if (uri === undefined || uri === tokenUrl) return
  client.transporter.interceptors.request.add({
    async resolved(config) {
      if (config.url.toString() === tokenUrl) config.url = new URL(uri)
      return config
    },
  })
}

/** Without the library's own error as the cause: it holds the request, and so the signed assertion. */
function explain(error: unknown, provider: string): LeashError {
  if (error instanceof LeashError) return error
  const why = messageOf(error)
  if (/default credentials/i.test(why)) {
    return new LeashError(
      'missing_key',
      `No Google credentials were found for "${provider}". Run \`gcloud auth application-default login\`, set GOOGLE_APPLICATION_CREDENTIALS, or pass \`credentials\`, \`accessToken\` or \`apiKey\`.`,
    )
  }
  const status = statusOf(error)
  if (status !== undefined && status < 500 && status !== 429)
    return new LeashError('authentication_failed', `Google refused the credentials of "${provider}": ${firstLine(why)}`)
  if (status !== undefined || /^E[A-Z]+$/.test(codeOf(error) ?? ''))
    return new LeashError('network_error', `Google's token server could not be asked for "${provider}": ${firstLine(why)}`, {
      retryable: true,
    })
  return new LeashError('authentication_failed', `The Google credentials of "${provider}" cannot be used: ${firstLine(why)}`)
}

function statusOf(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined
  return typeof status === 'number' ? status : undefined
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.slice(0, 200) ?? ''
}
