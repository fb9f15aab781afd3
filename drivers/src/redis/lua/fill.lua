-- KEYS entry, marks, index, expiry set, perhaps a name from which RENAME moves what is written to the entry
-- ARGV payload, lifetime or 0, member, clock, count that was seen, bytes before the key in a name, when the entry ends
-- Lists and writes what a load came to. Returns 0: an invalidation has overtaken it; 1: stored.
if not stands(KEYS[2], KEYS[1], ARGV[5], ARGV[6]) then return 0 end
redis.call('ZADD', KEYS[3], ARGV[4], ARGV[3])
redis.call('ZADD', KEYS[4], ARGV[7], ARGV[3])
local into = KEYS[5] or KEYS[1]
if ARGV[2] == '0' then redis.call('SET', into, ARGV[1])
else redis.call('SET', into, ARGV[1], 'PX', ARGV[2]) end
return 1
