-- KEYS marks
-- ARGV pattern, where a count may begin, lifetime of the marks, bytes of patterns that are remembered, bound of the
-- marks, removal
-- Whatever is being loaded for a key that matches is overtaken. Of patterns beyond the bound every load is.
local marks = KEYS[1]
-- A full server lets a script that has written something finish.
redis.call('PEXPIRE', marks, ARGV[3])
local count = invalidate(marks, ARGV[2], ARGV[3], 1, ARGV[5], ARGV[6])
if ARGV[1] == '*' then
  redis.call('HSET', marks, marks .. ':floor', count)
  redis.call('HDEL', marks, marks .. ':patterns')
  return 1
end
local text, kept, at = redis.call('HGET', marks, marks .. ':patterns') or '', {}, 1
while at <= #text do
  local first, stop, length, counted = string.find(text, '^(%d+) (%d+) ', at)
  at = stop + tonumber(length) + 1
  if string.sub(text, stop + 1, at - 1) ~= ARGV[1] then
    table.insert(kept, { counted, string.sub(text, first, at - 1) })
  end
end
table.insert(kept, { count, string.format('%d %.0f ', #ARGV[1], count) .. ARGV[1] })
local bytes, from = 0, #kept + 1
while from > 1 and bytes + #kept[from - 1][2] <= tonumber(ARGV[4]) do
  from = from - 1
  bytes = bytes + #kept[from][2]
end
if from > 1 then redis.call('HSET', marks, marks .. ':floor', kept[from - 1][1]) end
local texts = {}
for place = from, #kept do table.insert(texts, kept[place][2]) end
redis.call('HSET', marks, marks .. ':patterns', table.concat(texts))
return 1
