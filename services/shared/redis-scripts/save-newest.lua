-- Writes which samples stand in a bucket, unless another instance writes the shard's series now.
--
-- KEYS  1 fence  2 the record
-- ARGV  1 fencing token  2 the record's bytes  3 ms that it is kept
--
-- Returns  1, or an error that begins with FENCED
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return redis.error_reply('FENCED the token is not that of the last lease')
end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
return 1
