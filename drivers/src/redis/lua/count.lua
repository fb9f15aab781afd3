-- KEYS index, expiry set; ARGV clock
-- Returns the number of members, of those whose end is known, and of those that are over.
local over = redis.call('ZCOUNT', KEYS[2], '(-inf', clock(ARGV[1]))
return { redis.call('ZCARD', KEYS[1]), known(KEYS[2]), over }
