-- KEYS index, expiry set, entries; ARGV bytes before the member in a name
for at = 3, #KEYS do
  if redis.call('EXISTS', KEYS[at]) == 0 then unlist(KEYS[1], KEYS[2], string.sub(KEYS[at], ARGV[1] + 1)) end
end
return 1
