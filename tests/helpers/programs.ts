/** Real programs that tests start: where they are, and where they listen. */
import { accessSync, constants } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { delimiter, join } from 'node:path'

export const pathFolders: readonly string[] = (process.env.PATH ?? '').split(delimiter)

/** @returns undefined when there is none of these names on the path */
export function onPath(...names: readonly string[]): string | undefined {
  return names.flatMap((name) => pathFolders.map((folder) => join(folder, name))).find(isExecutable)
}

export function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * For a program that cannot choose a port of 127.0.0.1 by itself. Between asking for one and using it, another program may take it:
 * then the next is tried.
 */
export async function onFreePort<Started>(start: (port: number) => Promise<Started>): Promise<Started> {
  for (let tries = 1; ; tries++) {
    try {
      return await start(await freePort())
    } catch (error) {
      if (tries === 5) throw error
    }
  }
}

async function freePort(): Promise<number> {
  const socket = createServer()
  await new Promise<void>((resolve) => socket.listen(0, '127.0.0.1', resolve))
  const { port } = socket.address() as AddressInfo
  await new Promise((resolve) => socket.close(resolve))
  return port
}
