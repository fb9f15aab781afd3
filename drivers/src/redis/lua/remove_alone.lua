-- KEYS marks, entries, locks
-- ARGV number of entries, removal, where a count may begin or -, lifetime and bound of the marks
-- Removes entries that are listed elsewhere, or nowhere. Returns how many of all of them there were.
local removed = 0
parts(2, #KEYS, KEYS, function(...) removed = removed + redis.call(ARGV[2], ...) end)
-- At last: a full server lets a script that has written something finish.
if ARGV[3] ~= '-' then mark(KEYS[1], 2, 1 + ARGV[1], ARGV[3], ARGV[4], ARGV[5], ARGV[2]) end
return removed
