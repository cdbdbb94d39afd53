/** What the relay says of itself. */
import { type Operation, type Operations, prometheus } from './operation.js'

const file = (does: string, answers: string): Operation => ({ does, who: 'everybody', answers })

export const service: Operations = {
  'GET /health': { does: 'Says that the relay runs', who: 'everybody' },
  'GET /ready': { does: 'Says whether the relay can work', who: 'everybody', also: { 503: 'It cannot: `status` says why.' } },
  'GET /metrics': { does: 'Metrics of the relay, for Prometheus', who: 'metrics', answers: prometheus },
  'GET /openapi.json': { does: 'This document', who: 'everybody' },
  'GET /docs': file('This document as a page', 'text/html'),
  'GET /docs.css': file('The style of that page', 'text/css'),
  'GET /': file('The dashboard', 'text/html'),
  'GET /signed-in': file('The dashboard, after a sign-in at the identity provider', 'text/html'),
  'GET /dashboard.js': file('The script of the dashboard', 'text/javascript'),
  'GET /dashboard.css': file('The style of the dashboard', 'text/css'),
}
