/** The numbers behind the overview, for a spreadsheet. */
import { answerTo, messageOf } from './api.js'
import { toast } from './parts/toast.js'

const keptMs = 60_000

/** A link cannot carry the key: the file is read here, and handed to the browser. */
export async function downloadUsage(from: number, tenant: string): Promise<void> {
  try {
    const of = tenant && `&tenant=${encodeURIComponent(tenant)}`
    const response = await answerTo(`/v1/admin/usage?format=csv&by=day,tenant,key,provider,model&from=${from}${of}`)
    const address = URL.createObjectURL(await response.blob())
    const link = document.createElement('a')
    link.href = address
    link.download = `usage-${tenant && `${tenant}-`}${new Date().toISOString().slice(0, 10)}.csv`
    link.click()
    // Some browsers read it only a moment later.
    setTimeout(() => URL.revokeObjectURL(address), keptMs)
  } catch (error) {
    toast(messageOf(error))
  }
}
