-- Takes the lease of a shard.
--
-- KEYS  1 lease  2 fence  3 worker
-- ARGV  1 the holder  2 ms that the lease lasts
--
-- Returns  {token, former}, or false when somebody else has it.
--          token: the fencing token "<holder>:<turn>", of which every script that changes claims asks whether it is
--          still the lease's. A new one at each call, also when the holder has the lease already: it may have missed
--          the reply, or be about to give back what it had before.
--          former: who took the shard last and has not given it back; '' when nobody.
local current = redis.call('GET', KEYS[1])
if current and string.sub(current, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then
  return false
end
local former = redis.call('GET', KEYS[3]) or ''
local token = ARGV[1] .. ':' .. redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
redis.call('SET', KEYS[3], ARGV[1])
return {token, former}
