-- Gives a lease back, if it is still ours.
-- KEYS  1 lease  2 worker
-- ARGV  1 fencing token
-- Returns  1 when it was ours, else 0
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
redis.call('DEL', KEYS[1], KEYS[2])
return 1
