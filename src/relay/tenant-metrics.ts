/** The metrics of several leashes as one text, in which each sample says whose it is. */

/** Of so many tenants: those that called last. Prometheus keeps every series that it was ever told. */
const mostTenants = 100

interface Family {
  readonly head: string[]
  readonly samples: string[]
}

const declared = /^# (?:HELP|TYPE) (\S+)/

/** @param texts by tenant, in the order in which they called, the last at the end */
export function metricsByTenant(texts: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>()
  for (const [tenant, text] of [...texts].slice(-mostTenants)) {
    let family: Family = { head: [], samples: [] }
    for (const line of text.split('\n')) {
      const [, name] = declared.exec(line) ?? []
      if (name !== undefined) {
        family = families.get(name) ?? { head: [], samples: [] }
        families.set(name, family)
        if (!family.head.includes(line)) family.head.push(line)
      } else if (line !== '') family.samples.push(labelled(line, tenant))
    }
  }
  return [...families.values()]
    .filter(({ samples }) => samples.length > 0)
    .map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`)
    .join('')
}

/** Slugs have nothing in them that would have to be escaped. */
function labelled(line: string, tenant: string): string {
  if (/^\w+\{(?:[^"]*"(?:[^"\\]|\\.)*",)*tenant=/.test(line)) return line
  const [, name = '', labels, value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  return `${name}{tenant="${tenant}"${labels === undefined ? '' : `,${labels}`}} ${value}`
}
