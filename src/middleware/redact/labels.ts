import type { Detection, EntityType } from '../../detect/index.js'

/** What a model reads in the place of a value: one word of letters alone, so that a placeholder is told apart at a glance. */
const labels: Readonly<Record<EntityType, string>> = {
  CUSTOM: 'CUSTOM',
  PRIVATE_KEY: 'PRIVATEKEY',
  CONNECTION_STRING: 'CONNECTION',
  API_KEY: 'APIKEY',
  JWT: 'JWT',
  PASSWORD: 'PASSWORD',
  CREDIT_CARD: 'CARD',
  IBAN_CODE: 'IBAN',
  US_SSN: 'SSN',
  US_ITIN: 'ITIN',
  UK_NINO: 'NINO',
  PASSPORT: 'PASSPORT',
  DRIVER_LICENSE: 'LICENSE',
  TAX_ID: 'TAXID',
  ROUTING_NUMBER: 'ROUTING',
  ACCOUNT_NUMBER: 'ACCOUNT',
  CRYPTO_ADDRESS: 'WALLET',
  EMAIL_ADDRESS: 'EMAIL',
  URL_WITH_CREDENTIALS: 'URL',
  URL: 'URL',
  MAC_ADDRESS: 'MAC',
  IP_ADDRESS: 'IP',
  DATE_OF_BIRTH: 'BIRTHDATE',
  PHONE_NUMBER: 'PHONE',
  ADDRESS: 'ADDRESS',
  PERSON: 'PERSON',
}

const types = new Map(Object.entries(labels).map(([type, label]) => [label, type as EntityType]))

/** What is called so. */
export const typeOf = (label: string): EntityType => types.get(label) ?? 'CUSTOM'

export const longestLabel = 24

/** A pattern of the caller's own is called by its name, as far as that has letters. */
export function labelOf({ type, name }: Pick<Detection, 'type' | 'name'>): string {
  const own = name?.replace(/[^a-z]/gi, '').slice(0, longestLabel)
  return own && own.length > 1 ? own.toUpperCase() : labels[type]
}
