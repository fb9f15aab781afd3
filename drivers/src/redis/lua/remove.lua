-- KEYS index, expiry set, marks, entries, locks
-- ARGV number of entries, bytes before the member in a name, removal, where a count may begin or -, lifetime and bound
-- of the marks
-- Returns how many of all of them there were. Without a beginning the entries are removed and no load is overtaken.
local last, removed = 3 + ARGV[1], 0
for at = 4, #KEYS do removed = removed + redis.call(ARGV[3], KEYS[at]) end
for at = 4, last do
  local member = string.sub(KEYS[at], ARGV[2] + 1)
  redis.call('ZREM', KEYS[1], member)
  redis.call('ZREM', KEYS[2], member)
end
-- At last: a full server lets a script that has written something finish.
if ARGV[4] ~= '-' then mark(KEYS[3], 4, last, ARGV[4], ARGV[5], ARGV[6], ARGV[3]) end
return removed
