-- KEYS index, expiry set, marks of what is listed
-- ARGV member, lifetime or 0, grace, clock, count that was seen or -, name, bytes before the key in it
-- Lists an entry that is about to be written on another node. Returns the number of members, of those whose end is
-- known, of those that are over, and of those that were over before the grace; 0 when a pattern has overtaken the load.
if not stands(KEYS[3], ARGV[6], ARGV[5], ARGV[7]) then return 0 end
local now = clock(ARGV[4])
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZADD', KEYS[2], ARGV[2] == '0' and '+inf' or now + ARGV[2], ARGV[1])
return { redis.call('ZCARD', KEYS[1]), known(KEYS[2]), redis.call('ZCOUNT', KEYS[2], '(-inf', now),
  redis.call('ZCOUNT', KEYS[2], '(-inf', now - ARGV[3]) }
