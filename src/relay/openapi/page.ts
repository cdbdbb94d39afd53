/** The document as a page to be read: no script, and nothing from elsewhere. */
import { asArray, asObject, asObjects, asString, isObject, type Members } from '../../core/json.js'
import { escaped } from '../html.js'

/** Beside the dashboard's own style, from which it has its colours and letters. */
export const style = `
.docs { max-width: 920px; margin: 0 auto; padding: 32px 20px 80px; }
.docs header p { color: var(--muted); margin-top: 8px; }
.docs nav { display: flex; flex-wrap: wrap; gap: 8px 20px; margin: 20px 0 8px; }
.docs h2 { font-size: 17px; margin: 36px 0 12px; }
.docs details { background: var(--surface); border: 1px solid var(--line); border-radius: 8px; margin-top: 6px; }
.docs summary { display: flex; flex-wrap: wrap; gap: 4px 12px; align-items: baseline; padding: 9px 14px; cursor: pointer; }
.docs summary:hover { background: var(--raised); }
.docs summary::marker, .docs summary::-webkit-details-marker { content: ''; display: none; }
.docs summary span { color: var(--muted); margin-left: auto; }
.docs code, .docs pre { font: 12.5px/1.55 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; }
.docs b { font: 600 11px/1.5 ui-monospace, 'SF Mono', Menlo, Consolas, monospace; color: var(--accent); width: 52px; }
.docs .in { padding: 2px 14px 14px; border-top: 1px solid var(--line); }
.docs .in p { margin-top: 10px; color: var(--muted); }
.docs .in h3 { font-size: 13px; margin-top: 14px; }
.docs pre { margin-top: 6px; padding: 10px 12px; overflow: auto; max-height: 420px; background: var(--ground); border-radius: 6px; }
.docs .whole { border: 0; margin-top: 4px; }
.docs .whole summary { padding: 4px 0; color: var(--accent); }
.docs table { border-collapse: collapse; margin-top: 6px; }
.docs td { padding: 3px 18px 3px 0; vertical-align: top; color: var(--muted); }
.docs td:first-child { color: var(--ink); }
`

export function pageOf(document: Members): string {
  const { title, description } = asObject(document.info)
  const tags = asObjects(document.tags).map(({ name }) => asString(name) ?? '')
  const all = Object.entries(asObject(document.paths)).flatMap(([path, methods]) =>
    Object.entries(asObject(methods)).map(([method, operation]) => ({ path, method, operation: asObject(operation) })),
  )
  const chapter = (tag: string) => {
    const of = all.filter(({ operation }) => asArray(operation.tags).includes(tag))
    return `<h2 id="${idOf(tag)}">${html(tag)}</h2>${of.map(shown).join('')}`
  }
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html(title)}</title>
<link rel="stylesheet" href="/dashboard.css">
<link rel="stylesheet" href="/docs.css">
</head>
<body>
<main class="docs">
<header>
<h1>${html(title)}</h1>
<p>${prose(description)}</p>
</header>
<nav>${tags.map((tag) => `<a href="#${idOf(tag)}">${html(tag)}</a>`).join('')}<a href="/openapi.json">openapi.json</a><a href="/">Dashboard</a></nav>
${tags.map(chapter).join('\n')}
</main>
</body>
</html>
`
}

interface Shown {
  readonly path: string
  readonly method: string
  readonly operation: Members
}

function shown({ path, method, operation }: Shown): string {
  const { operationId, summary, description, parameters, requestBody, responses } = operation
  const body = asObject(asObject(asObject(requestBody).content)['application/json']).schema
  const given = asArray(parameters).map((parameter) => {
    const { name, in: where, schema } = asObject(parameter)
    return `<tr><td><code>${html(name)}</code></td><td>${html(where)}</td><td>${html(typeOf(schema))}</td></tr>`
  })
  const answers = Object.entries(asObject(responses)).filter(([status]) => !status.endsWith('XX'))
  const told = answers.map(([status, answer]) => {
    const { content, description } = asObject(answer)
    const [type = status.startsWith('20') ? 'nothing' : description] = Object.keys(asObject(content))
    return `<tr><td><code>${html(status)}</code></td><td>${html(type)}</td></tr>`
  })
  return `<details id="${html(operationId)}">
<summary><b>${html(method.toUpperCase())}</b><code>${html(path)}</code><span>${prose(summary)}</span></summary>
<div class="in">
<p>${prose(description ?? 'For everybody.')}</p>
${given.length > 0 ? `<h3>Parameters</h3><table>${given.join('')}</table>` : ''}
${isObject(body) ? `<h3>Body</h3>${bodyOf(body)}` : ''}
<h3>Answer</h3><table>${told.join('')}</table>
</div>
</details>`
}

function bodyOf(schema: Members): string {
  const { properties, required } = schema
  if (!isObject(properties)) return '<table><tr><td>JSON</td></tr></table>'
  const rows = Object.entries(properties).map(([name, member]) => {
    const needed = asArray(required).includes(name) ? 'required' : ''
    return `<tr><td><code>${html(name)}</code></td><td>${html(typeOf(member))}</td><td>${needed}</td></tr>`
  })
  const whole = `<details class="whole"><summary>JSON Schema</summary><pre>${html(JSON.stringify(schema, null, 2))}</pre></details>`
  return `<table>${rows.join('')}</table>${whole}`
}

function typeOf(schema: unknown): string {
  const { type, enum: values, anyOf, items } = asObject(schema)
  if (values) return asArray(values).join(', ')
  if (anyOf) return asArray(anyOf).map(typeOf).join(' or ')
  if (items) return `list of ${typeOf(items)}`
  return asString(type) ?? ''
}

const idOf = (tag: string) => tag.toLowerCase().replace(/\W+/g, '-')

const prose = (text: unknown) => html(text).replace(/`([^`]*)`/g, '<code>$1</code>')

const html = (text: unknown) => escaped(String(text ?? ''))
