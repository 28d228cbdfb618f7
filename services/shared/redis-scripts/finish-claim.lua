-- Deletes a claim that every enabled sink has confirmed.
-- KEYS  1 lease  2 claims  3 claim(id)  4 bytes
-- ARGV  1 fencing token  2 claim id  3 the claim's bytes
-- Returns  1, or 0 when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
if redis.call('HDEL', KEYS[2], ARGV[2]) == 1 then
  redis.call('HINCRBY', KEYS[4], 'claimed', -tonumber(ARGV[3]))
end
redis.call('UNLINK', KEYS[3])
return 1
