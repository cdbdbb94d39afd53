/** Addresses and ranges of them, such as `10.0.0.0/8`, as a configuration names them. */
import { BlockList, isIP } from 'node:net'
import { LeashError } from '../core/errors.js'
import * as z from '../core/shape.js'

/** @throws LeashError `invalid_config` for what is no address and no range */
export function rangesOf(ranges: readonly string[]): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', bits, ...rest] = range.split('/')
    const version = isIP(address)
    const most = version === 6 ? 128 : 32
    const length = bits === undefined ? most : Number(bits)
    const fits = version !== 0 && rest.length === 0 && /^\d{1,3}$/.test(bits ?? '0') && length <= most
    if (!fits || address.includes('%'))
      throw new LeashError(
        'invalid_config',
        `${JSON.stringify(range)} does not belong in a list of addresses and ranges, such as 10.0.0.0/8.`,
      )
    list.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4')
  }
  return list
}

export function isIn(list: BlockList, address: string): boolean {
  const version = isIP(address)
  return version !== 0 && !address.includes('%') && list.check(address, version === 6 ? 'ipv6' : 'ipv4')
}

export const rangeShape = z.string().check((value: string) => {
  try {
    rangesOf([value])
    return undefined
  } catch {
    return 'must be an address or a range, such as 10.0.0.0/8'
  }
})
