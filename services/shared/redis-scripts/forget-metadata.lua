-- Deletes records of metric families that have not been written meanwhile.
-- KEYS  1 families(tenant, server)
-- ARGV  pairs: family, the record that it had
-- Returns  how many were deleted
local deleted = 0
for i = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    deleted = deleted + redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
return deleted
