/** What the relay says of itself. */
import { type Operation, type Operations, prometheus } from './operation.js'

const file = (does: string, answers: string): Operation => ({ does, who: 'everybody', answers })

export const service: Operations = {
  'GET /health': { does: 'Whether it runs', who: 'everybody' },
  'GET /ready': { does: 'Whether it can work', who: 'everybody', also: { 503: 'It cannot: `status` says why.' } },
  'GET /metrics': { does: 'Its metrics, for Prometheus', who: 'metrics', answers: prometheus },
  'GET /openapi.json': { does: 'This document', who: 'everybody' },
  'GET /docs': file('This document, to be read', 'text/html'),
  'GET /docs.css': file('How it looks', 'text/css'),
  'GET /': file('The dashboard', 'text/html'),
  'GET /signed-in': file('The dashboard, for who comes back from the identity provider', 'text/html'),
  'GET /dashboard.js': file('Its script', 'text/javascript'),
  'GET /dashboard.css': file('Its style', 'text/css'),
}
