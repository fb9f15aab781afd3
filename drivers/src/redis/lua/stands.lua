-- Part of the scripts that store what a load came to; lua/marks.lua says what marks are. Whether nothing has
-- invalidated an entry since the count was `seen`: empty when there was none, `-` for a write that is no load. Names
-- have `before` bytes before the key. A script that asks about many entries passes the `count` that it has read. What
-- is seldom needed is made where it is.
local function stands(marks, name, seen, before, count)
  if seen == '-' then return true end
  if count == nil then count = redis.call('HGET', marks, marks) end
  if (count or '') == seen then return true end
  if not count then return false end
  local known = redis.call('HMGET', marks, marks .. ':birth', marks .. ':floor', name, marks .. ':patterns')
  if not known[1] then return false end
  local since = tonumber(seen == '' and known[1] or seen)
  if since > tonumber(count) or since < tonumber(known[2] or known[1]) then return false end
  if known[3] and tonumber(known[3]) > since then return false end
  if not known[4] then return true end
  -- `*` is any run, `?` one character of UTF-8.
  local function matches(text, pattern)
    local at, of, star, from = 1, 1, nil, nil
    while at <= #text do
      local wanted, byte = string.byte(pattern, of), string.byte(text, at)
      if wanted == 42 then
        star, from, of = of, at, of + 1
      elseif wanted == 63 then
        at, of = at + 1, of + 1
        local next = string.byte(text, at)
        while next and next >= 128 and next < 192 do
          at = at + 1
          next = string.byte(text, at)
        end
      elseif wanted == byte then
        at, of = at + 1, of + 1
      elseif star then
        from = from + 1
        at, of = from, star + 1
      else
        return false
      end
    end
    while string.byte(pattern, of) == 42 do of = of + 1 end
    return of > #pattern
  end
  local key = string.sub(name, before + 1)
  local text, at = known[4], 1
  while at <= #text do
    local _, stop, length, counted = string.find(text, '^(%d+) (%d+) ', at)
    at = stop + tonumber(length) + 1
    if tonumber(counted) > since and matches(key, string.sub(text, stop + 1, at - 1)) then return false end
  end
  return true
end
