-- KEYS index, expiry set; ARGV grace, count, clock
-- Returns members that were over before the grace, each with its time in both sets.
local found = {}
local before = clock(ARGV[3]) - ARGV[1]
for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(-inf', before, 'LIMIT', 0, ARGV[2])) do
  table.insert(found, member)
  table.insert(found, redis.call('ZSCORE', KEYS[1], member) or '')
  table.insert(found, redis.call('ZSCORE', KEYS[2], member))
end
return found
