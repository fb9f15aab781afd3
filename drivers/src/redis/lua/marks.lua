-- Part of the scripts that invalidate. The marks of entries are a hash, which expires as a whole. Under its own name it
-- has the count of invalidations; under the name of an entry the count at its last one; `:birth` is where the count
-- began, at random, so that no number of a hash that was lost means anything in the next one; loads from before
-- `:floor` are taken for overtaken; `:patterns` are the last ones, each with its length and its count.
-- The lifetime is below 0 when it need not be renewed.
--
-- Beyond a bound all marks are dropped: every load that runs is overtaken then. Each invalidation is counted, so one of
-- each 64 looks at it, and one of several entries the sooner, whichever script that is.
local function invalidate(marks, start, lifetime, entries, most, removal)
  local count = redis.call('HINCRBY', marks, marks, 1)
  lifetime = tonumber(lifetime)
  if count == 1 then
    count = start + 1
    redis.call('HMSET', marks, marks, count, marks .. ':birth', start)
    lifetime = math.abs(lifetime)
  elseif count % 64 < entries and redis.call('HLEN', marks) > tonumber(most) then
    local birth = redis.call('HGET', marks, marks .. ':birth')
    redis.call(removal, marks)
    redis.call('HMSET', marks, marks, count, marks .. ':birth', birth, marks .. ':floor', count)
    lifetime = math.abs(lifetime)
  end
  if lifetime > 0 then redis.call('PEXPIRE', marks, lifetime) end
  return count
end
