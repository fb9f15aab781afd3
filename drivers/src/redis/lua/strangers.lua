-- KEYS index, expiry set; ARGV cursor, count
-- A step through the index: returns the next cursor, and the members whose end is not known.
local page = redis.call('ZSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2])
local found = { page[1] }
for at = 1, #page[2], 2 do
  if not redis.call('ZSCORE', KEYS[2], page[2][at]) then table.insert(found, page[2][at]) end
end
return found
