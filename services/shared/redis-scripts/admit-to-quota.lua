-- Gives series a place in the quota of a namespace, for ever, as far as it goes. One that has a place keeps it, also
-- when the quota is lowered.
--
-- KEYS  1 quota.namespace_metrics
-- ARGV  1 the quota  2 how many series the request names  3… label bytes of series
--
-- Returns  {'ok', number of places taken now, i, …}: the i-th of the series (from 0) found no place
--          {'too_many'}   nothing is taken yet, and the request alone names more series than there are places
local quota = tonumber(ARGV[1])
local taken = redis.call('SCARD', KEYS[1])
if taken == 0 and tonumber(ARGV[2]) > quota then
  return {'too_many'}
end

local reply = {'ok', 0}
for i = 3, #ARGV do
  if redis.call('SISMEMBER', KEYS[1], ARGV[i]) == 0 then
    if taken < quota then
      redis.call('SADD', KEYS[1], ARGV[i])
      taken = taken + 1
    else
      reply[#reply + 1] = i - 3
    end
  end
end
reply[2] = taken
return reply
