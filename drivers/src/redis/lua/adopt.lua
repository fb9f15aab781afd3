-- KEYS index, expiry set; ARGV which of them is gone through (1, 2), cursor, count, what names have before the member,
-- clock
-- A step through one set: what the other does not list is listed there too if its entry lives, else in none.
-- Returns the next cursor.
local index, expiry = KEYS[1], KEYS[2]
local now = clock(ARGV[5])
local of, other = KEYS[tonumber(ARGV[1])], KEYS[3 - ARGV[1]]
local page = redis.call('ZSCAN', of, ARGV[2], 'COUNT', ARGV[3])
for at = 1, #page[2], 2 do
  local member = page[2][at]
  local is_unknown = member ~= '\255' and not redis.call('ZSCORE', other, member)
  if is_unknown and look(index, expiry, member, ARGV[4] .. member, now) and other == index then
    redis.call('ZADD', index, now, member)
  end
end
return page[1]
