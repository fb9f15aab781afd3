-- KEYS locks; ARGV lifetime, a token for each lock
-- Takes those that are free, before anybody else can take one of them. Returns for each 1 if it was, else 0.
local taken = {}
for at, lock in ipairs(KEYS) do
  taken[at] = redis.call('SET', lock, ARGV[at + 1], 'PX', ARGV[1], 'NX') and 1 or 0
end
return taken
