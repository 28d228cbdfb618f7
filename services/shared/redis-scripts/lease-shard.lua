-- Takes or renews the lease of a shard.
--
-- KEYS  1 lease  2 fence
-- ARGV  1 the holder  2 ms that the lease lasts
--
-- Returns  the fencing token: "<holder>:<turn>", the same as long as the holder keeps the lease, or false when
--          somebody else has it. Every script that changes claims asks for it.
local current = redis.call('GET', KEYS[1])
if current then
  if string.sub(current, 1, #ARGV[1] + 1) ~= ARGV[1] .. ':' then
    return false
  end
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
  return current
end
local token = ARGV[1] .. ':' .. redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[2])
return token
