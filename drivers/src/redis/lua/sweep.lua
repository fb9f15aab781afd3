-- KEYS index, expiry set; ARGV count, what names have before the member, clock
-- Takes out members that are over. Returns 0: none is left; 1: some may be; 2: the two sets differ in size.
local now = clock(ARGV[3])
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '(-inf', now, 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do look(KEYS[1], KEYS[2], member, ARGV[2] .. member, now) end
if #due == tonumber(ARGV[1]) then return 1 end
if redis.call('ZCARD', KEYS[1]) ~= known(KEYS[2]) then return 2 end
return 0
