-- Adds series to a list of ids, in which the place of an id is its slot. Begins the list where there is none.
--
-- KEYS  1 the list
-- ARGV  1 stamp that the list is expected to begin with  2 ids to add, 8 bytes each  3 ms that the list is kept
--
-- Returns  the bytes of the list, or false when it begins with another stamp: it was lost, and somebody began another
if redis.call('EXISTS', KEYS[1]) == 0 then
  redis.call('SET', KEYS[1], ARGV[1])
elseif redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1) ~= ARGV[1] then
  return false
end
local length = redis.call('APPEND', KEYS[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return length
