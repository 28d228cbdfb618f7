-- Creates time series, or gives our settings and labels to some that are there, unless another instance writes the
-- shard's series now.
--
-- KEYS  1 fence
-- ARGV  1 fencing token  2 TS.CREATE or TS.ALTER  3 retention in ms  4 chunk size
--       5 of each series a MessagePack array of texts: its key, then the names and values of its labels in turns
--
-- Returns  how many series were given; then, for each of the module's errors, its words and the numbers from 1 of the
--          series that it was said of. Or an error that begins with FENCED for all
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('FENCED the token is not that of the last lease')
end

local all = { cmsgpack.unpack(ARGV[5]) }
local answer, numbers = { #all }, {}
for number, series in ipairs(all) do
  local reply = redis.pcall(ARGV[2], series[1], 'RETENTION', ARGV[3], 'CHUNK_SIZE', ARGV[4],
    'DUPLICATE_POLICY', 'LAST', 'LABELS', unpack(series, 2))
  if not reply.ok then
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
