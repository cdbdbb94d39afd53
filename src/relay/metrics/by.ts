/** Metrics of several as one text, in which each sample says whose it is. */

interface Family {
  readonly head: string[]
  readonly samples: string[]
}

const declared = /^# (?:HELP|TYPE) (\S+)/

/** @param texts in Prometheus' format, each with a name that needs no escape: a slug, or a number */
export function metricsBy(label: string, texts: Iterable<readonly [name: string, text: string]>): string {
  const families = new Map<string, Family>()
  for (const [whose, text] of texts) {
    let family: Family = { head: [], samples: [] }
    for (const line of text.split('\n')) {
      const [, name] = declared.exec(line) ?? []
      if (name !== undefined) {
        family = families.get(name) ?? { head: [], samples: [] }
        families.set(name, family)
        if (!family.head.includes(line)) family.head.push(line)
      } else if (line !== '') family.samples.push(labelled(line, label, whose))
    }
  }
  return [...families.values()]
    .filter(({ samples }) => samples.length > 0)
    .map(({ head, samples }) => `${[...head, ...samples].join('\n')}\n`)
    .join('')
}

function labelled(line: string, label: string, whose: string): string {
  const [, name = '', labels, value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? []
  if (labels !== undefined && new RegExp(`(?:^|",)${label}="`).test(labels)) return line
  return `${name}{${label}="${whose}"${labels === undefined ? '' : `,${labels}`}} ${value}`
}
