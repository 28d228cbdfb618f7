-- Puts a parked block whose series are known again back among the blocks to claim.
-- KEYS  1 lease  2 parked  3 blocks  4 bytes
-- ARGV  1 fencing token  2 the block  3 the block's generation
-- Returns  1, or 0 when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if redis.call('ZREM', KEYS[2], ARGV[2]) == 1 and redis.call('SADD', KEYS[3], ARGV[2]) == 1 then
  redis.call('HINCRBY', KEYS[4], 'unclaimed', #ARGV[2])
  local oldest = redis.call('HGET', KEYS[4], 'unclaimed_since_generation')
  if not oldest or tonumber(ARGV[3]) < tonumber(oldest) then
    redis.call('HSET', KEYS[4], 'unclaimed_since_generation', ARGV[3])
  end
end
return 1
