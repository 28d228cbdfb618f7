-- Writes what a server says about metric families, as far as there is room for them.
--
-- KEYS  1 families(tenant, server)  2 servers(tenant)  3 tenants
-- ARGV  1 tenant  2 server  3 most families of a server  4 most servers of a tenant
--       5 ms until what is not written again expires
--       6… pairs: family, metadata record
--
-- Returns  {version before, version now, i, …}: versions of the server's metadata ('' when it has none), and the pairs
--          (from 0) that there is no room for. A version is the microsecond of the last change, and only grows.
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local expired = string.format('%.0f', now - tonumber(ARGV[5]) * 1000)
local before = redis.call('ZSCORE', KEYS[2], ARGV[2])

local room = tonumber(ARGV[3]) - redis.call('HLEN', KEYS[1])
if not before and redis.call('ZCOUNT', KEYS[2], expired, '+inf') >= tonumber(ARGV[4]) then
  room = 0
end

-- The first write has to be one that Redis refuses when it is out of memory: after another it would refuse none.
local reply = {before or '', before or ''}
local written = false
for i = 6, #ARGV, 2 do
  local isKnown = redis.call('HEXISTS', KEYS[1], ARGV[i]) == 1
  if isKnown or room > 0 then
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
    written = true
    if not isKnown then
      room = room - 1
    end
  else
    reply[#reply + 1] = (i - 6) / 2
  end
end

if written then
  local version = string.format('%.0f', math.max(now, (tonumber(before or '0') or 0) + 1))
  redis.call('ZADD', KEYS[2], version, ARGV[2])
  redis.call('ZADD', KEYS[3], version, ARGV[1])
  redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', '(' .. expired)
  redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', '(' .. expired)
  for i = 1, 3 do
    redis.call('PEXPIRE', KEYS[i], ARGV[5])
  end
  reply[2] = version
end
return reply
