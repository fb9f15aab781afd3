-- Part of the scripts that remove. Marks the entries among the keys.
local function mark(marks, first, last, start, lifetime, most, removal)
  local count = invalidate(marks, start, lifetime, last - first + 1, most, removal)
  for at = first, last do redis.call('HSET', marks, KEYS[at], count) end
end
