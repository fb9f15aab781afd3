-- Part of the scripts that know of the index. The index lists entries by the time of their write, as 0.4.0 does; the
-- expiry set by the time they end. Times are milliseconds of the server's clock, of the client's where TIME is denied.
if redis.replicate_commands then redis.replicate_commands() end
local function clock(given)
  local time = redis.pcall('TIME')
  if time.err then return tonumber(given) end
  return time[1] * 1000 + math.floor(time[2] / 1000)
end
-- The members whose end is known. Before all times the set has one that shows that both sets are whole (lost.rs).
local function known(expiry) return redis.call('ZCOUNT', expiry, '(-inf', '+inf') end
local function unlist(index, expiry, member)
  redis.call('ZREM', index, member)
  redis.call('ZREM', expiry, member)
end
-- Notes when an entry ends; takes out what is not there.
local function look(index, expiry, member, name, now)
  local left = redis.call('PTTL', name)
  if left == -2 then unlist(index, expiry, member)
  else redis.call('ZADD', expiry, left == -1 and '+inf' or now + left + 1, member) end
  return left ~= -2
end
-- Removes the oldest live entries beyond a bound, and dead ones on the way; returns how many are left to be removed.
local function trim(index, expiry, most, before, removal, now)
  local beyond = redis.call('ZCARD', index) - redis.call('ZCOUNT', expiry, '(-inf', now) - most
  local budget = 1000
  while beyond > 0 and budget > 0 do
    local oldest = redis.call('ZRANGE', index, 0, math.min(beyond, 100) - 1)
    if #oldest == 0 then return 0 end
    budget = budget - #oldest
    for _, member in ipairs(oldest) do
      local ends = redis.call('ZSCORE', expiry, member)
      redis.call(removal, before .. member)
      unlist(index, expiry, member)
      if not ends or tonumber(ends) > now then beyond = beyond - 1 end
    end
  end
  return math.max(beyond, 0)
end
