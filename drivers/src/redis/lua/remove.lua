-- KEYS index, expiry set, marks, entries, locks
-- ARGV number of entries, removal, where a count may begin or -, lifetime and bound of the marks, bytes before the
-- member in a name
-- Returns how many of all of them there were. Without a beginning the entries are removed and no load is overtaken.
local last, removed = 3 + ARGV[1], 0
if #KEYS == 4 then
  local member = string.sub(KEYS[4], ARGV[6] + 1)
  removed = redis.call(ARGV[2], KEYS[4])
  redis.call('ZREM', KEYS[1], member)
  redis.call('ZREM', KEYS[2], member)
else
  local members = {}
  for at = 4, last do members[at - 3] = string.sub(KEYS[at], ARGV[6] + 1) end
  parts(4, #KEYS, KEYS, function(...) removed = removed + redis.call(ARGV[2], ...) end)
  parts(1, #members, members, function(...)
    redis.call('ZREM', KEYS[1], ...)
    redis.call('ZREM', KEYS[2], ...)
  end)
end
-- At last: a full server lets a script that has written something finish.
if ARGV[3] ~= '-' then mark(KEYS[3], 4, last, ARGV[3], ARGV[4], ARGV[5], ARGV[2]) end
return removed
