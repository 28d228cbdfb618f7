-- Moves a block that cannot be used out of a claim, to the dead letters.
-- KEYS  1 lease  2 the set or sorted set that holds the block  3 dead letters
-- ARGV  1 fencing token  2 the block  3 most dead letters to keep  4… field, value, …: what the entry says
-- Returns  1, or 0 when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'block', ARGV[2], unpack(ARGV, 4))
if redis.call('TYPE', KEYS[2]).ok == 'zset' then
  redis.call('ZREM', KEYS[2], ARGV[2])
else
  redis.call('SREM', KEYS[2], ARGV[2])
end
return 1
