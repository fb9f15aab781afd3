-- KEYS entry, marks, index, expiry set, perhaps lock, perhaps a name as in lua/fill.lua
-- ARGV payload, lifetime or 0, member, clock, count that was seen or -, bytes before the key in a name, what names have
-- before the member, bound or -1, removal, perhaps token
-- Returns 0: the lock is another's, or an invalidation has overtaken the load; 2: stored, and the index is to be
-- tidied; 3: stored.
local index, expiry, member = KEYS[3], KEYS[4], ARGV[3]
if ARGV[10] and redis.call('GET', KEYS[5]) ~= ARGV[10] then return 0 end
if not stands(KEYS[2], KEYS[1], ARGV[5], ARGV[6]) then return 0 end
local now = clock(ARGV[4])
local forever = ARGV[2] == '0'
-- Listed first: should a command fail, nothing is stored that is not listed.
redis.call('ZADD', index, now, member)
redis.call('ZADD', expiry, forever and '+inf' or now + ARGV[2], member)
local into = KEYS[ARGV[10] and 6 or 5] or KEYS[1]
if forever then redis.call('SET', into, ARGV[1])
else redis.call('SET', into, ARGV[1], 'PX', ARGV[2]) end
for _, due in ipairs(redis.call('ZRANGEBYSCORE', expiry, '(-inf', now, 'LIMIT', 0, 4)) do
  look(index, expiry, due, ARGV[7] .. due, now)
end
-- Entries of 0.4.0 are in the index alone: whether they live is looked up before anything is removed for a bound.
if redis.call('ZCARD', index) ~= known(expiry) then return 2 end
local most = tonumber(ARGV[8])
if most >= 0 and trim(index, expiry, most, ARGV[7], ARGV[9], now) > 0 then return 2 end
return 3
