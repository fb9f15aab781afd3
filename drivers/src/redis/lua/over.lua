-- KEYS index, expiry set; ARGV clock, members
-- Their entries are being removed on other nodes: they are over, and are taken out when the grace is too.
local now = clock(ARGV[1])
for at = 2, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[at]) then redis.call('ZADD', KEYS[2], now, ARGV[at]) end
end
return 1
