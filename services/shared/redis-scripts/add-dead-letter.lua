-- Adds a dead letter, unless the same is there already, and pushes out the oldest that are too many, in number or in
-- bytes. What is pushed out is counted. One that is larger than all letters may be is pushed out itself.
-- A block leaves the place where it was; samples that a store refuses stay in their claim until it is finished.
--
-- KEYS  1 lease  2 dead letters  3 dead_letter_marks  4 dead_letter_counts
--       5 where the block is, a set or a sorted set; only for a block
-- ARGV  1 fencing token  2 most dead letters  3 most bytes of them
--       4… field, value, …: what the letter says, as dead-letters.ts has it:
--          'mark', m, 'bytes', b, and for a block 'block', block come first
-- Returns  1, or 0 when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local maxLetters, maxBytes = tonumber(ARGV[2]), tonumber(ARGV[3])
local mark, size = ARGV[5], tonumber(ARGV[7])

local function forgetOldest()
  local oldest = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
  local id, fields = oldest[1], oldest[2]
  redis.call('XDEL', KEYS[2], id)
  redis.call('HINCRBY', KEYS[4], 'evicted', 1)
  if fields[1] == 'mark' then
    redis.call('HDEL', KEYS[3], fields[2])
    return tonumber(fields[4])
  end
  return 0
end

local function add()
  local letters = redis.call('XLEN', KEYS[2])
  local bytes = tonumber(redis.call('HGET', KEYS[4], 'bytes') or '0')
  if letters == 0 then
    -- Whatever somebody may have done by hand, here all is known again.
    bytes = 0
    redis.call('DEL', KEYS[3])
  end
  while letters > 0 and (letters + 1 > maxLetters or bytes + size > maxBytes) do
    bytes = math.max(0, bytes - forgetOldest())
    letters = letters - 1
  end
  local id = redis.call('XADD', KEYS[2], '*', unpack(ARGV, 4))
  redis.call('HSET', KEYS[3], mark, id)
  redis.call('HSET', KEYS[4], 'bytes', string.format('%.0f', bytes + size))
end

-- A mark outlives its letter where somebody deletes entries of the stream by hand.
local same = redis.call('HGET', KEYS[3], mark)
if size > maxBytes then
  redis.call('HINCRBY', KEYS[4], 'evicted', 1)
elseif not same or #redis.call('XRANGE', KEYS[2], same, same) == 0 then
  add()
end

if KEYS[5] and redis.call('TYPE', KEYS[5]).ok == 'zset' then
  redis.call('ZREM', KEYS[5], ARGV[9])
elseif KEYS[5] then
  redis.call('SREM', KEYS[5], ARGV[9])
end
return 1
