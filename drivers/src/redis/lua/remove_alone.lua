-- KEYS marks, entries, locks
-- ARGV number of entries, removal, where a count may begin or -, lifetime and bound of the marks
-- Removes entries that are listed elsewhere, or nowhere. Returns how many of all of them there were.
local removed = 0
for from = 2, #KEYS, 1000 do
  removed = removed + redis.call(ARGV[2], unpack(KEYS, from, math.min(from + 999, #KEYS)))
end
-- At last: a full server lets a script that has written something finish.
if ARGV[3] ~= '-' then mark(KEYS[1], 2, 1 + ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[2]) end
return removed
