import type { UploadedFile } from '../core/message.js'

/** What a file is called at a vendor, where that is told; else what it is called at all. */
export function idAt({ id, ids }: UploadedFile, vendor: string): string {
  return ids?.[vendor] ?? id
}
