-- Makes a lease last longer. One that has run out stays so, even if nobody has taken it since.
-- KEYS  1 lease
-- ARGV  1 fencing token  2 ms that the lease lasts from now on
-- Returns  1, or 0 when the lease has run out or is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
