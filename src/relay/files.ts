/** Files that the code reads: beside it in the source, and in `dist/relay/` in the package, whose code lies in chunks. */
export function relayFile(path: string): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL(path, here)
  const dist = here.slice(0, here.lastIndexOf('/dist/') + '/dist/'.length)
  return new URL(`relay/${path}`, dist)
}
