-- Says that an instance is there, and forgets those that have not said so in time. Redis' own clock alone decides.
-- KEYS  1 instances
-- ARGV  1 the instance  2 ms after which it counts as gone, unless it says so again
-- Returns  the names of all instances that are there, in order
local time = redis.call('TIME')
local nowMs = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], string.format('%.0f', nowMs + ARGV[2]), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', nowMs))
local names = redis.call('ZRANGE', KEYS[1], 0, -1)
table.sort(names)
return names
