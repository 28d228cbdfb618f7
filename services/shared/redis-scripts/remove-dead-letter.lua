-- Deletes a dead letter.
-- KEYS  1 dead letters  2 dead_letter_marks  3 dead_letter_counts
-- ARGV  1 its id in the stream
-- Returns  1, or 0 when it is not there
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])[1]
if not letter then
  return 0
end
local fields = letter[2]
redis.call('XDEL', KEYS[1], ARGV[1])
if fields[1] == 'mark' then
  redis.call('HDEL', KEYS[2], fields[2])
  redis.call('HINCRBY', KEYS[3], 'bytes', -tonumber(fields[4]))
end
return 1
