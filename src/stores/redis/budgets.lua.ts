/**
 * Money set aside within Redis, as `memory/budgets.ts` does. Two keys for each scope: a hash of its sums, and the open
 * reservations by the time at which they expire. A reservation is written as `spent:250:id`, so that whoever comes upon it
 * after its process has died knows what to do.
 */
import { afterwardsMs } from '../../core/afterwards.js'
import { script } from './script.js'

const start = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local day = ${afterwardsMs}

local function less(sums, field, amount)
  if amount ~= '0' then redis.call('HINCRBY', sums, field, '-' .. amount) end
end

local function sweep(sums, open)
  local due = redis.call('ZRANGEBYSCORE', open, '-inf', now, 'LIMIT', 0, 100)
  for _, member in ipairs(due) do
    redis.call('ZREM', open, member)
    local kind, rest = string.match(member, '^(%a+)(:.*)$')
    if kind ~= 'late' then
      local amount = string.match(rest, '^:(%d+)')
      less(sums, 'reserved', amount)
      if kind == 'spent' then redis.call('HINCRBY', sums, 'spent', amount) end
      redis.call('ZADD', open, now + day, 'late' .. rest)
    end
  end
end

local function balance(sums)
  local saved = redis.call('HMGET', sums, 'spent', 'reserved')
  return saved[1] or '0', saved[2] or '0'
end
`

/**
 * KEYS: the sums and the reservations of each scope. ARGV: the amount, the reservation, its time in ms, then for each scope its
 * limit and when its window ends (0 for never).
 * Replies with the place of the first that refused (-1 for none), then what is spent and reserved of that one, or of all.
 */
export const reserve = script(`${start}
local amount = tonumber(ARGV[1])
for i = 1, #KEYS, 2 do
  sweep(KEYS[i], KEYS[i + 1])
  local spent, reserved = balance(KEYS[i])
  if tonumber(spent) + tonumber(reserved) + amount > tonumber(ARGV[3 + i]) then
    return { tostring((i - 1) / 2), spent, reserved }
  end
end
local reply = { '-1' }
for i = 1, #KEYS, 2 do
  redis.call('HINCRBY', KEYS[i], 'reserved', ARGV[1])
  redis.call('ZADD', KEYS[i + 1], now + ARGV[3], ARGV[2])
  local ends = tonumber(ARGV[4 + i])
  if ends > 0 then
    local gone = math.max(ends, now + ARGV[3]) + day
    redis.call('PEXPIREAT', KEYS[i], gone)
    redis.call('PEXPIREAT', KEYS[i + 1], gone)
  end
  local spent, reserved = balance(KEYS[i])
  table.insert(reply, spent)
  table.insert(reply, reserved)
end
return reply
`)

/** ARGV: what it counts as when it expires, `:amount:id`, the amount, what was spent. */
export const settle = script(`${start}
for i = 1, #KEYS, 2 do
  sweep(KEYS[i], KEYS[i + 1])
  if redis.call('ZREM', KEYS[i + 1], ARGV[1] .. ARGV[2]) == 1 then
    less(KEYS[i], 'reserved', ARGV[3])
    redis.call('HINCRBY', KEYS[i], 'spent', ARGV[4])
  elseif redis.call('ZREM', KEYS[i + 1], 'late' .. ARGV[2]) == 1 then
    redis.call('HINCRBY', KEYS[i], 'spent', ARGV[4])
    if ARGV[1] == 'spent' then less(KEYS[i], 'spent', ARGV[3]) end
  end
end
`)

export const read = script(`${start}
sweep(KEYS[1], KEYS[2])
return { balance(KEYS[1]) }
`)
