-- Registers a series whose own id belongs to another series, under an id that it keeps for ever.
--
-- KEYS  1 series(generation)  2 active_series(generation)  3 collisions  4 generations
-- ARGV  1 registry record  2 tenant  3 generation  4 ms until an unused generation expires
--       5… ids to try (8 bytes each), all of this shard, in order
--
-- Returns  the id (8 bytes), or false when every one of them is taken
local labels = string.sub(ARGV[1], 3)

local function take(id)
  if redis.call('HSETNX', KEYS[1], id, ARGV[1]) == 1 then
    redis.call('HINCRBY', KEYS[2], ARGV[2], 1)
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
    redis.call('PEXPIRE', KEYS[2], ARGV[4])
    redis.call('SADD', KEYS[4], ARGV[3])
    return true
  end
  return string.sub(redis.call('HGET', KEYS[1], id), 3) == labels
end

local known = redis.call('HGET', KEYS[3], labels)
if known and take(known) then
  return known
end
for i = 5, #ARGV do
  if take(ARGV[i]) then
    redis.call('HSET', KEYS[3], labels, ARGV[i])
    return ARGV[i]
  end
end
return false
