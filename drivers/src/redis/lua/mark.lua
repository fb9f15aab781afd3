-- Part of the scripts that remove. Marks the entries among the keys. Beyond a bound, which is looked at now and then,
-- all marks are dropped: every load that runs is overtaken then.
local function mark(marks, first, last, start, lifetime, most, removal)
  local count = invalidate(marks, start, lifetime)
  for at = first, last do redis.call('HSET', marks, KEYS[at], count) end
  if count % 64 ~= 0 or redis.call('HLEN', marks) <= tonumber(most) then return end
  local birth = redis.call('HGET', marks, marks .. ':birth')
  redis.call(removal, marks)
  redis.call('HMSET', marks, marks, count, marks .. ':birth', birth, marks .. ':floor', count)
  redis.call('PEXPIRE', marks, math.abs(lifetime))
end
