-- Gives series a place among the active ones of their tenant, as far as its limit goes. A series is active in the
-- generation (an hour, as in generation.ts) in which it was admitted, and in the one after it; an active series is
-- always admitted again. Two series whose 64 bit ids are equal share a place.
--
-- KEYS  1 active_this_hour  2 active_last_hour  3 active_count
-- ARGV  1 the limit  2 generation  3 ms until what is not asked for expires  4… series ids (8 bytes each)
--
-- Returns  {'ok', number of active series now, i, …}: the i-th of the ids (from 0) found no place
local limit = tonumber(ARGV[1])
local fresh = tonumber(redis.call('HGET', KEYS[3], 'fresh') or '0')
local stored = tonumber(redis.call('HGET', KEYS[3], 'generation') or '0')

-- Clocks differ: a generation that has ended for one process has ended for all, and none begins long before its time
-- because the clock of one process is ahead.
local latest = math.floor(tonumber(redis.call('TIME')[1]) / 3600) + 1
local generation = math.max(stored, math.min(tonumber(ARGV[2]), latest))
if generation > stored then
  redis.call('UNLINK', KEYS[2])
  if generation == stored + 1 and redis.call('EXISTS', KEYS[1]) == 1 then
    redis.call('RENAME', KEYS[1], KEYS[2])
  else
    redis.call('UNLINK', KEYS[1])
  end
  fresh = 0
end

local active = redis.call('SCARD', KEYS[2]) + fresh
local reply = {'ok', 0}
for i = 4, #ARGV do
  local id = ARGV[i]
  if redis.call('SISMEMBER', KEYS[2], id) == 1 then
    redis.call('SADD', KEYS[1], id)
  elseif redis.call('SISMEMBER', KEYS[1], id) == 0 then
    if active < limit then
      redis.call('SADD', KEYS[1], id)
      fresh = fresh + 1
      active = active + 1
    else
      reply[#reply + 1] = i - 4
    end
  end
end

redis.call('HSET', KEYS[3], 'generation', generation, 'fresh', fresh)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PEXPIRE', KEYS[3], ARGV[3])
reply[2] = active
return reply
