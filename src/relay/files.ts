/**
 * A file that the code reads: in the source, seen from this folder; in the package in `dist/relay/`, whose code lies in chunks.
 *
 * @param source where it is in the source
 * @param packaged its name in the package
 */
export function relayFile(source: string, packaged: string): URL {
  const here = import.meta.url
  if (here.endsWith('.ts')) return new URL(source, here)
  const dist = here.slice(0, here.lastIndexOf('/dist/') + '/dist/'.length)
  return new URL(`relay/${packaged}`, dist)
}
