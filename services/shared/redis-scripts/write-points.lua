-- Adds samples to time series, unless another instance writes the shard's series now.
--
-- KEYS  1 fence
-- ARGV  1 fencing token
--       2 'last': a sample takes the place of one at the same time; 'first': it does not
--       3 ms until a series that gets no more samples is deleted  4 retention in ms  5 chunk size
--       6 which of the samples have series that are due for upkeep, as '<number from 1>:<digest of its labels> …'.
--         Where there is a digest, the series is given retention, chunk size and policy if it has others, and its
--         labels are compared. If the sample is taken, the deletion of the series is put off
--       7 what stands before the id of a series in its key  8 the ids of the samples' series, 16 digits each
--       9 the samples' times, in runs of samples of the same: '<count>:<time> …'
--      10 their values, as one MessagePack array of doubles
--
-- Returns  how many samples were given; then, for each of the module's errors, its words and the numbers from 1 of the
--          samples that it was said of. MISLABELLED: they were taken, but the labels of their series are others.
--          Or an error that begins with FENCED for all
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('FENCED the token is not that of the last lease')
end

local retention, chunk = tonumber(ARGV[4]), tonumber(ARGV[5])
-- Key, time and value of each sample in turns. Redis gives numbers to commands as texts that say the same 64 bits.
local points = {}
local replies

local function read_points()
  local head, ids, values = ARGV[7], ARGV[8], cmsgpack.unpack(ARGV[10])
  local number = 0
  for count, time in string.gmatch(ARGV[9], '(%d+):(%d+)') do
    for _ = 1, tonumber(count) do
      points[3 * number + 1] = head .. string.sub(ids, 16 * number + 1, 16 * number + 16)
      points[3 * number + 2] = time
      number = number + 1
      points[3 * number] = values[number]
    end
  end
end

local function key_of(number)
  return points[3 * number - 2]
end

-- Names and some values in the reply of TS.INFO are statuses, which Lua gets as tables.
local function text_of(reply)
  return type(reply) == 'table' and reply.ok or reply
end

-- Gives a series our settings where it has others. Returns the digest of its labels; nil where there is no such series.
local function mend(key)
  local info = redis.pcall('TS.INFO', key)
  if info.err then
    return nil
  end
  local facts = {}
  for at = 1, #info, 2 do
    facts[text_of(info[at])] = info[at + 1]
  end
  local policy = text_of(facts.duplicatePolicy)
  if facts.retentionTime ~= retention or facts.chunkSize ~= chunk or policy ~= 'last' then
    redis.call('TS.ALTER', key, 'RETENTION', ARGV[4], 'CHUNK_SIZE', ARGV[5], 'DUPLICATE_POLICY', 'LAST')
  end
  local words = {}
  for _, label in ipairs(facts.labels) do
    words[#words + 1] = text_of(label[1])
    words[#words + 1] = text_of(label[2])
  end
  return redis.sha1hex(table.concat(words, '\n'))
end

local function add_where_absent()
  replies = {}
  for at = 1, #points, 3 do
    -- TS.ADD would create the series, without labels.
    if redis.call('EXISTS', points[at]) == 0 then
      replies[#replies + 1] = { err = 'TSDB: the key does not exist' }
    else
      replies[#replies + 1] = redis.pcall('TS.ADD', points[at], points[at + 1], points[at + 2], 'ON_DUPLICATE', 'FIRST')
    end
  end
end

read_points()
local due, mislabelled = {}, {}
for number, digest in string.gmatch(ARGV[6], '(%d+):(%x*)') do
  due[#due + 1] = tonumber(number)
  if digest ~= '' and mend(key_of(number)) ~= digest then
    mislabelled[#mislabelled + 1] = tonumber(number)
  end
end
if ARGV[2] == 'first' then
  add_where_absent()
else
  replies = redis.call('TS.MADD', unpack(points))
end
for _, number in ipairs(due) do
  if type(replies[number]) == 'number' then
    redis.call('PEXPIRE', key_of(number), ARGV[3])
  end
end
for _, number in ipairs(mislabelled) do
  if type(replies[number]) == 'number' then
    replies[number] = { err = 'MISLABELLED the series has other labels' }
  end
end
local answer, numbers = { #replies }, {}
for number, reply in ipairs(replies) do
  if type(reply) ~= 'number' then
    local words = reply.err or 'unexpected reply'
    if not numbers[words] then
      numbers[words] = {}
      answer[#answer + 1] = words
    end
    table.insert(numbers[words], number)
  end
end
for at = #answer, 2, -1 do
  table.insert(answer, at + 1, table.concat(numbers[answer[at]], ' '))
end
return answer
