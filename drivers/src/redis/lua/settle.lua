-- KEYS index, expiry set; ARGV clock, then of each member: itself, its times as they were, what is left of its entry
-- Takes out what is gone (-2), and notes anew when the others end. What was listed again meanwhile is left alone.
local now = clock(ARGV[1])
for at = 2, #ARGV, 4 do
  local member, left = ARGV[at], tonumber(ARGV[at + 3])
  local written, ends = redis.call('ZSCORE', KEYS[1], member), redis.call('ZSCORE', KEYS[2], member)
  if (written or '') == ARGV[at + 1] and ends == ARGV[at + 2] then
    if left == -2 then unlist(KEYS[1], KEYS[2], member)
    else
      redis.call('ZADD', KEYS[2], left == -1 and '+inf' or now + left + 1, member)
      if ARGV[at + 1] == '' then redis.call('ZADD', KEYS[1], now, member) end
    end
  end
end
return 1
