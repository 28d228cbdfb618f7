-- Commits one block and the series that it is the first to name, or nothing at all.
--
-- A dead letter whose block or samples come back leaves in the same step.
--
-- KEYS  1 epoch  2 blocks  3 series(generation)  4 active_series(generation)  5 collisions  6 bytes  7 generations
--       8 dead letters  9 dead_letter_marks  10 dead_letter_counts; only for a dead letter
-- ARGV  1 the epoch that Flux believes in ('' when it knows none)
--       2 the epoch to begin where there is none
--       3 tenant
--       4 generation
--       5 ms until an unused generation expires
--       6 most bytes that the shard may hold
--       7 the block; empty where only series are to be registered
--       8 the ids of the series to register, 8 bytes each
--       9 their registry records, in the same order, each behind its length (u32, little-endian)
--      10 only for a dead letter: its id in the stream
--
-- Returns  {'ok'}
--          {'epoch', e}           Redis is not where these series were registered: register all again, with epoch e
--          {'full', bytes}        the shard holds as much as it may
--          {'collision', i, …}    the i-th id belongs to another series (from 0): ask resolve-collision
--          {'gone'}               there is no such dead letter
local letter
if KEYS[8] then
  letter = redis.call('XRANGE', KEYS[8], ARGV[10], ARGV[10])[1]
  if not letter then
    return {'gone'}
  end
end

local epoch = redis.call('GET', KEYS[1])
if not epoch then
  epoch = ARGV[2]
  redis.call('SET', KEYS[1], epoch)
end
if epoch ~= ARGV[1] then
  return {'epoch', epoch}
end

local unclaimed = tonumber(redis.call('HGET', KEYS[6], 'unclaimed') or '0')
local claimed = tonumber(redis.call('HGET', KEYS[6], 'claimed') or '0')
if unclaimed + claimed + #ARGV[7] > tonumber(ARGV[6]) then
  return {'full', tostring(unclaimed + claimed)}
end

local ids, records = {}, {}
local at = 1
for i = 1, #ARGV[8] / 8 do
  ids[i] = string.sub(ARGV[8], 8 * i - 7, 8 * i)
  records[i], at = struct.unpack('<I4c0', ARGV[9], at)
end

-- Many at a time, but no more than Lua can have as arguments.
local AT_ONCE = 1000
local collisions = {'collision'}
local haveCollisions = redis.call('HLEN', KEYS[5]) > 0
local added = 0
for first = 1, #ids, AT_ONCE do
  local last = math.min(first + AT_ONCE - 1, #ids)
  local held = redis.call('HMGET', KEYS[3], unpack(ids, first, last))
  local fresh, fields = {}, {}
  for i = first, last do
    local id, record = ids[i], records[i]
    local redirected = haveCollisions and redis.call('HGET', KEYS[5], string.sub(record, 3))
    -- What stands under this id, were it only since this very command.
    local before = fresh[id] or held[i - first + 1]
    if redirected and redirected ~= id then
      collisions[#collisions + 1] = i - 1
    elseif not before then
      added = added + 1
      fresh[id] = record
      fields[#fields + 1] = id
      fields[#fields + 1] = record
    elseif string.sub(before, 3) ~= string.sub(record, 3) then
      collisions[#collisions + 1] = i - 1
    elseif before ~= record and string.byte(record, 2) ~= 0 then
      -- Its type has become known, or another, since it was registered.
      fields[#fields + 1] = id
      fields[#fields + 1] = record
    end
  end
  if #fields > 0 then
    redis.call('HSET', KEYS[3], unpack(fields))
  end
end
if added > 0 then
  redis.call('HINCRBY', KEYS[4], ARGV[3], added)
  redis.call('PEXPIRE', KEYS[3], ARGV[5])
  redis.call('PEXPIRE', KEYS[4], ARGV[5])
  redis.call('SADD', KEYS[7], ARGV[4])
end
if #collisions > 1 then
  return collisions
end

if #ARGV[7] > 0 and redis.call('SADD', KEYS[2], ARGV[7]) == 1 then
  redis.call('HINCRBY', KEYS[6], 'unclaimed', #ARGV[7])
  local oldest = redis.call('HGET', KEYS[6], 'unclaimed_since_generation')
  if not oldest or tonumber(ARGV[4]) < tonumber(oldest) then
    redis.call('HSET', KEYS[6], 'unclaimed_since_generation', ARGV[4])
  end
end
if letter then
  local id, fields = letter[1], letter[2]
  redis.call('XDEL', KEYS[8], id)
  if fields[1] == 'mark' then
    redis.call('HDEL', KEYS[9], fields[2])
    redis.call('HINCRBY', KEYS[10], 'bytes', -tonumber(fields[4]))
  end
end
return {'ok'}
