-- Writes the state of a claim: how far each sink is.
-- KEYS  1 lease  2 claims
-- ARGV  1 fencing token  2 claim id  3 state as JSON
-- Returns  1, or 0 when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
return 1
