-- Adds members to Skyline's set, or none of them. Those that are there already change nothing.
--
-- KEYS  1 the set
-- ARGV  1 most bytes of memory that the set may take  2… members, at most some thousand
--
-- Returns nil, or how many bytes the set takes where it has no room for these members.
--
-- Skyline's Horizon renames the set once a minute and knows of no counter beside it, so its size is asked of Redis,
-- which measures some of the members and takes the others to be alike.
local MEASURED = 50
-- What a member takes beside its text, about.
local OVERHEAD_BYTES = 64

local bytes = redis.call('MEMORY', 'USAGE', KEYS[1], 'SAMPLES', MEASURED) or 0
local added = 0
for i = 2, #ARGV do
  added = added + #ARGV[i] + OVERHEAD_BYTES
end
if bytes + added > tonumber(ARGV[1]) then
  return bytes
end
redis.call('SADD', KEYS[1], unpack(ARGV, 2))
return false
