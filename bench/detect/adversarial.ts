/**
 * Texts that a scanner with a flaw would choke on: each is the beginning of something that is looked for, over and over, so that whoever
 * reads on from every one of them to the end of the text reads it a thousand times.
 */
export const atoms: readonly string[] = [
  // Marks alone, and marks that never become what they begin.
  ...[
    '@',
    'a@',
    'a@b.',
    'a.',
    '.',
    ':',
    '::',
    'a:',
    'f:',
    'fe80:',
    '=',
    'x=',
    ';',
    'x=1;',
    '"',
    "'",
    '\\n',
    '\\"',
    '-',
    '--',
    '+',
    '(',
    '((1',
  ],
  // Numbers in every grouping.
  ...[
    '1',
    '12',
    '1 ',
    '1-',
    '1.',
    '1/',
    '1:',
    '12 34 ',
    '1-1-1 ',
    '4111 ',
    '4111-',
    '555-123-4567 ',
    '+1 ',
    '+46(0)8',
    '(555) ',
    '1.1.1.1.',
    '255.',
  ],
  ...[
    '01/02/2003 ',
    '1 May ',
    'May 1, ',
    '1 de ',
    '20000101',
    '078-05-1120 ',
    'XXX-XX-',
    '***-**-',
    '12:',
    '1x1',
    '1 ext. ',
    '00',
  ],
  // Tokens, prefixes of keys, heads of longer things.
  ...[
    'a1',
    'a',
    'A1 ',
    'GB29 ',
    'GB82WEST',
    'IA',
    'AKIA',
    'AKIA0',
    'sk-',
    'sk-1',
    'sk_live_',
    '_l',
    '_t',
    'ghp_',
    'SG.',
    'hvs.1.',
    'Q~',
    '1Q~',
    '~',
  ],
  ...[
    'eyJ',
    'eyJ.',
    'eyJhbGciOiJIUzI1NiJ9.',
    '-----',
    '-----BEGIN ',
    '-----BEGIN PRIVATE KEY-----\n',
    '-----BEGIN PRIVATE KEY-----\nMIIE',
  ],
  ...[
    'http://',
    'http://a',
    'http://a:b@',
    'http:/',
    'http://[',
    'http://a@',
    'http://a.bc/',
    'www.',
    'w.',
    'ww.',
    'https://a.bc/(',
    'postgres://u:p',
    'jdbc:',
    '0x',
    '1A1zP1',
  ],
  // Names that a value should follow, and the words that tell what a number is.
  ...['password=', 'password: ', 'password is ', 'wo', 'api_key=', 'Server=a;Password=b1c2d3;', 'password=abc123;', 'key="'],
  ...[
    'phone ',
    'phone 5 ',
    'number ',
    'phone number is ',
    'card 4111 ',
    'iban GB1 ',
    'born ',
    'my number 1 ',
    '电话',
    '电话1',
    'é',
    '\u{1f600}',
    '\u2011',
  ],
]

/** `unit` over and over, up to `length` UTF-16 units. */
export const repeated = (unit: string, length: number): string => unit.repeat(Math.ceil(length / unit.length)).slice(0, length)

/** Atoms drawn one after the other; the same for the same seed. */
export function drawn(seed: number, length: number): string {
  const random = generator(seed)
  const few = Array.from({ length: 1 + Math.floor(random() * 4) }, () => atoms[Math.floor(random() * atoms.length)] ?? '')
  const parts: string[] = []
  for (let size = 0; size < length; ) {
    const part = few[Math.floor(random() * few.length)] ?? ''
    parts.push(part)
    size += part.length
  }
  return parts.join('').slice(0, length)
}

/** Whole entities, and what stands beside them: what is found costs more than what is not. */
const entities: readonly string[] = [
  ...['1.2.3.4/8 ', '10.0.0.1:', 'v1.2.3.4 ', 'fe80::1', '::1 ', '00-11-22-33-44-55 ', 'aabb.ccdd.', '1@b.co ', 'b.co:1'],
  ...['4111 1111 1111 1111 ', '4111111111111111', '378282246310005 ', 'card ', '123456789 ', '12345678 ', '123,456', '$1', '1%'],
  ...['DE89370400440532013000 ', 'ssn 123-45-6789 ', '999-99-9999', 'AB 12 34 56 C', 'AB123456C', 'passport A1234567 '],
  ...[
    '1/1/2001',
    '1990 ',
    '3. M\u00e4rz 1980 ',
    'call ',
    'my ',
    'acct 123456 ',
    '+49 ',
    '(0)',
    '\u20131',
    '\u00a01',
    '1a',
    'a1b',
    '_1',
  ],
  ...['bc1q', '1BoatSLRHtKNngkdXEeobR76b53LETtpyT ', '0xabcdef0123456789', 'key=a1b2c3d4e5f6a7b8 ', 'token: ', '{"a":1,', 'a=1;'],
]

/** Bolder than {@link drawn}: up to six atoms or entities, cut, doubled, or with other digits. */
export function bolder(seed: number, length: number): string {
  const random = generator(seed * 7919 + 13)
  const below = (limit: number) => Math.floor(random() * limit)
  const all = [...atoms, ...entities]
  const one = () => all[below(all.length)] ?? ''
  const few = Array.from({ length: 1 + below(6) }, () => {
    const atom = one()
    const how = below(5)
    if (how === 0) return atom.slice(0, 1 + below(atom.length))
    if (how === 1) return atom + one()
    return how === 2 ? atom.replace(/\d/g, () => `${below(10)}`) : atom
  })
  const parts: string[] = []
  for (let size = 0; size < length; ) {
    const part = few[below(few.length)] ?? ''
    parts.push(part)
    size += part.length
  }
  return parts.join('').slice(0, length)
}

/** Mulberry32, public domain. */
export function generator(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Prose of nobody: no digit, no mark that a finder is asked at. */
const sentence =
  'The harbour lay quiet under a thin fog, and the gulls that had been loud all morning sat in rows along the wall. ' +
  'Somebody had left a basket of nets on the quay; nobody came for it, although the tide was already turning. '

export const plain = (length: number): string => repeated(sentence, length)
