/**
 * Counting against limits within Redis, as `memory/counters.ts` counts. A script runs alone, by the server's own clock, so
 * processes agree whatever their clocks say.
 */
import { script } from './script.js'

/** Lua prints 14 digits of a number; these are all. */
const start = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function exact(n) return string.format('%.17g', n) end
`

const algorithms = `
local algorithms = {}

algorithms['token-bucket'] = {
  load = function(key, limit, window)
    local saved = redis.call('HMGET', key, 'level', 'at')
    local level, at = tonumber(saved[1] or limit * window), tonumber(saved[2] or now)
    if now > at then level = level + (now - at) * limit end
    return { level = math.min(limit * window, level) }
  end,
  wait = function(state, amount, limit, window)
    return math.max(0, math.ceil((amount * window - state.level) / limit))
  end,
  add = function(state, amount, limit, window) state.level = state.level - amount * window end,
  back = function(state, amount, limit, window) state.level = math.min(limit * window, state.level + amount * window) end,
  save = function(key, state, limit, window)
    redis.call('HSET', key, 'level', exact(state.level), 'at', now)
    return (limit * window - state.level) / limit
  end,
  state = function(state, limit, window)
    return state.level / window, math.ceil((limit * window - state.level) / limit)
  end,
}

algorithms['fixed-window'] = {
  load = function(key, limit, window)
    local saved = redis.call('HMGET', key, 'window', 'count')
    local index, seen, count = math.floor(now / window), tonumber(saved[1] or 0), tonumber(saved[2] or 0)
    if index > seen then seen, count = index, 0 end
    return { index = seen, count = count }
  end,
  wait = function(state, amount, limit, window)
    if state.count + amount <= limit then return 0 end
    return (state.index + 1) * window - now
  end,
  add = function(state, amount) state.count = state.count + amount end,
  back = function(state, amount, limit, window, at)
    if math.floor(at / window) == state.index then state.count = math.max(0, state.count - amount) end
  end,
  save = function(key, state, limit, window)
    redis.call('HSET', key, 'window', state.index, 'count', exact(state.count))
    return (state.index + 1) * window - now
  end,
  state = function(state, limit, window)
    return limit - state.count, state.count > 0 and (state.index + 1) * window - now or 0
  end,
}

local function parts(window)
  local size = math.ceil(window / 20)
  return size, math.ceil(window / size)
end

algorithms['sliding-window'] = {
  load = function(key, limit, window)
    local size, n = parts(window)
    local state = { part = math.floor(now / size), counts = {}, order = {}, gone = {}, used = 0 }
    local saved = redis.call('HGETALL', key)
    for i = 1, #saved, 2 do state.part = math.max(state.part, tonumber(saved[i])) end
    for i = 1, #saved, 2 do
      local part, count = tonumber(saved[i]), tonumber(saved[i + 1])
      if part < state.part - n then
        table.insert(state.gone, saved[i])
      else
        table.insert(state.order, part)
        state.counts[part] = count
        state.used = state.used + count
      end
    end
    table.sort(state.order)
    return state
  end,
  wait = function(state, amount, limit, window)
    local size, n = parts(window)
    local over, last = state.used + amount - limit, state.part
    if over <= 0 then return 0 end
    for _, part in ipairs(state.order) do
      over = over - state.counts[part]
      if over <= 0 then last = part break end
    end
    return (last + n + 1) * size - now
  end,
  add = function(state, amount)
    state.counts[state.part] = (state.counts[state.part] or 0) + amount
    state.changed = state.part
    state.used = state.used + amount
  end,
  back = function(state, amount, limit, window, at)
    local part = math.floor(at / parts(window))
    if state.counts[part] then
      state.counts[part] = math.max(0, state.counts[part] - amount)
      state.changed = part
    end
  end,
  save = function(key, state, limit, window)
    local size, n = parts(window)
    if #state.gone > 0 then redis.call('HDEL', key, unpack(state.gone)) end
    if state.changed then redis.call('HSET', key, state.changed, exact(state.counts[state.changed])) end
    return (state.part + n + 1) * size - now
  end,
  state = function(state, limit, window)
    local size, n = parts(window)
    return limit - state.used, state.used > 0 and (state.part + n + 1) * size - now or 0
  end,
}

local function each(from, visit)
  for i, key in ipairs(KEYS) do
    local at = from + (i - 1) * 4
    visit(i, key, algorithms[ARGV[at]], tonumber(ARGV[at + 1]), tonumber(ARGV[at + 2]), tonumber(ARGV[at + 3]))
  end
end

local function save(key, algorithm, state, limit, window)
  redis.call('PEXPIRE', key, math.ceil(algorithm.save(key, state, limit, window)) + 1000)
end
`

/**
 * KEYS: one for each limit. ARGV: for each its algorithm, limit, window in ms, amount.
 * Replies with the place of the first that refused (-1 for none), the wait in ms (-1 for never), the time, and what remains
 * and resets of each.
 */
export const take = script(`${start}${algorithms}
local states, refused, retry = {}, -1, 0
each(1, function(i, key, algorithm, limit, window, amount)
  states[i] = algorithm.load(key, limit, window)
  local wait = amount > limit and math.huge or algorithm.wait(states[i], amount, limit, window)
  if wait > 0 and refused == -1 then refused = i - 1 end
  retry = math.max(retry, wait)
end)
local reply = { exact(refused), retry == math.huge and '-1' or exact(retry), exact(now) }
each(1, function(i, key, algorithm, limit, window, amount)
  if refused == -1 then
    algorithm.add(states[i], amount, limit, window)
    save(key, algorithm, states[i], limit, window)
  end
  local remaining, reset = algorithm.state(states[i], limit, window)
  table.insert(reply, exact(math.max(0, remaining)))
  table.insert(reply, exact(reset))
end)
return reply
`)

/** ARGV: when it was taken, then as above with differences in place of amounts. */
export const adjust = script(`${start}${algorithms}
local at = tonumber(ARGV[1])
each(2, function(i, key, algorithm, limit, window, amount)
  local state = algorithm.load(key, limit, window)
  if amount > 0 then algorithm.add(state, amount, limit, window) else algorithm.back(state, -amount, limit, window, at) end
  save(key, algorithm, state, limit, window)
end)
`)
