/** Where we are: what stands behind the `#` of the address. */
import { useEffect, useState } from 'preact/hooks'

export interface Place {
  readonly page: string
  /** What the page shows, such as a tenant. */
  readonly of: string
}

export const hrefOf = (page: string, of = ''): string => `#/${page}${of && `/${encodeURIComponent(of)}`}`

export const go = (page: string, of = ''): void => {
  location.hash = hrefOf(page, of)
}

export function usePlace(): Place {
  const [place, setPlace] = useState(read)
  useEffect(() => {
    const moved = () => setPlace(read())
    addEventListener('hashchange', moved)
    return () => removeEventListener('hashchange', moved)
  }, [])
  return place
}

function read(): Place {
  const [, page = '', of = ''] = location.hash.split('/')
  try {
    return { page, of: decodeURIComponent(of) }
  } catch {
    return { page, of: '' }
  }
}
