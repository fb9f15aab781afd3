-- KEYS index, expiry set, entries, locks; ARGV number of entries, bytes before the member in a name, removal
-- Returns how many of all of them there were.
local removed = 0
for at = 3, #KEYS do removed = removed + redis.call(ARGV[3], KEYS[at]) end
for at = 3, 2 + ARGV[1] do unlist(KEYS[1], KEYS[2], string.sub(KEYS[at], ARGV[2] + 1)) end
return removed
