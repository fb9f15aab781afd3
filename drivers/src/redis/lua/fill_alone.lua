-- KEYS entry, marks, perhaps lock, perhaps a name as in lua/fill.lua
-- ARGV payload, lifetime or 0, count that was seen or -, bytes before the key, perhaps token
-- Writes an entry that is listed elsewhere, or nowhere. Returns 0: the lock is another's, or an invalidation has
-- overtaken the load; 1: stored.
if ARGV[5] and redis.call('GET', KEYS[3]) ~= ARGV[5] then return 0 end
if not stands(KEYS[2], KEYS[1], ARGV[3], ARGV[4]) then return 0 end
local into = KEYS[ARGV[5] and 4 or 3] or KEYS[1]
if ARGV[2] == '0' then redis.call('SET', into, ARGV[1])
else redis.call('SET', into, ARGV[1], 'PX', ARGV[2]) end
return 1
