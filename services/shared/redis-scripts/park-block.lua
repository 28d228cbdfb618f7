-- Takes a block out of a claim because the registry does not know its series, and asks Flux, by a new epoch, to
-- register all series again.
-- KEYS  1 lease  2 claim(id)  3 parked  4 epoch
-- ARGV  1 fencing token  2 the block  3 ms since 1970, now  4 the new epoch
-- Returns  1, or 0 when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('ZADD', KEYS[3], 'NX', ARGV[3], ARGV[2])
redis.call('SREM', KEYS[2], ARGV[2])
redis.call('SET', KEYS[4], ARGV[4])
return 1
