/** Reports as files, for a spreadsheet. */
import { answerTo, messageOf } from './api.js'
import { toast } from './parts/toast.js'

const keptMs = 60_000

/** The numbers behind the overview, which shows the keys of one tenant alone: those of all are more rows than a report has. */
export function downloadUsage(from: number, tenant: string): Promise<void> {
  const of = tenant && `&tenant=${encodeURIComponent(tenant)}`
  const name = `usage-${tenant && `${tenant}-`}${new Date().toISOString().slice(0, 10)}.csv`
  return download(`/v1/admin/usage?format=csv&by=day,tenant,${tenant && 'key,'}provider,model&from=${from}${of}`, name)
}

/** A link cannot carry the token: the file is read here, and handed to the browser. */
export async function download(path: string, name: string): Promise<void> {
  try {
    const address = URL.createObjectURL(await (await answerTo(path)).blob())
    const link = document.createElement('a')
    link.href = address
    link.download = name
    link.click()
    // Some browsers read it only a moment later.
    setTimeout(() => URL.revokeObjectURL(address), keptMs)
  } catch (error) {
    toast(messageOf(error))
  }
}
