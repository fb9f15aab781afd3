-- KEYS marks, index, expiry set, entries
-- ARGV bytes before the key in a name, bytes before the member, clock, then of each entry: payload, lifetime or 0,
-- count that was seen, when it ends
-- Does for many entries as lua/fill.lua does for one. Returns for each of them 0 or 1.
local call, KEYS, ARGV = redis.call, KEYS, ARGV
local marks, before, now = KEYS[1], ARGV[2] + 1, ARGV[3]
local count = call('HGET', marks, marks)
local written, ends, stored, size = {}, {}, {}, 0
for at = 4, #KEYS do
  local entry, own = KEYS[at], at * 4 - 12
  stored[at - 3] = 0
  if stands(marks, entry, ARGV[own + 2], ARGV[1], count) then
    stored[at - 3] = 1
    local member = string.sub(entry, before)
    written[size + 1], written[size + 2] = now, member
    ends[size + 1], ends[size + 2] = ARGV[own + 3], member
    size = size + 2
  end
end
if size == 0 then return stored end
-- Lua 5.4, which some servers have, knows it by another name.
local unpack = table.unpack or unpack
call('ZADD', KEYS[2], unpack(written))
call('ZADD', KEYS[3], unpack(ends))
for at = 4, #KEYS do
  local own = at * 4 - 12
  if stored[at - 3] == 1 then
    if ARGV[own + 1] == '0' then call('SET', KEYS[at], ARGV[own])
    else call('SET', KEYS[at], ARGV[own], 'PX', ARGV[own + 1]) end
  end
end
return stored
