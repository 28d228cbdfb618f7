-- Claims all blocks of a shard: renames its set and writes the claim's first state.
--
-- Of two claims of a shard the later has the later time, whatever the clocks of the instances say that made them.
--
-- KEYS  1 lease  2 blocks  3 claim(id)  4 claims  5 bytes
-- ARGV  1 fencing token  2 claim id  3 ms since 1970, now
--
-- Returns  {'claimed', state as JSON}, {'empty'}, or {'lost'} when the lease is another's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return {'lost'}
end
if redis.call('EXISTS', KEYS[2]) == 0 then
  return {'empty'}
end
local bytes = tonumber(redis.call('HGET', KEYS[5], 'unclaimed') or '0')
local claimedAtMs = math.max(tonumber(ARGV[3]), tonumber(redis.call('HGET', KEYS[5], 'last_claim_ms') or '0') + 1)
local oldest = tonumber(redis.call('HGET', KEYS[5], 'unclaimed_since_generation') or '0')
redis.call('RENAME', KEYS[2], KEYS[3])
redis.call('HDEL', KEYS[5], 'unclaimed', 'unclaimed_since_generation')
redis.call('HINCRBY', KEYS[5], 'claimed', bytes)
redis.call('HSET', KEYS[5], 'last_claim_ms', string.format('%.0f', claimedAtMs))
local state = string.format(
  '{"id":"%s","claimedAtMs":%.0f,"bytes":%d,"oldestGeneration":%d,"sinks":{}}', ARGV[2], claimedAtMs, bytes, oldest)
redis.call('HSET', KEYS[4], ARGV[2], state)
return {'claimed', state}
