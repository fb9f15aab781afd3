-- Part of the scripts that remove. Most remove one entry, and are made for that. Of many they pass up to 1,000 names to
-- a command, as Lua has a bound for that; Lua 5.4, which some servers have, knows `unpack` by another name.
local function parts(first, last, names, act)
  local unpack = table.unpack or unpack
  for from = first, last, 1000 do act(unpack(names, from, math.min(from + 999, last))) end
end
-- Marks the entries among the keys.
local function mark(marks, first, last, start, lifetime, most, removal)
  local count = invalidate(marks, start, lifetime, last - first + 1, most, removal)
  if first == last then return redis.call('HSET', marks, KEYS[first], count) end
  local fields = {}
  for at = first, last do
    fields[#fields + 1] = KEYS[at]
    fields[#fields + 1] = count
  end
  parts(1, #fields, fields, function(...) redis.call('HMSET', marks, ...) end)
end
