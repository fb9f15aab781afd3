-- KEYS index, expiry set; ARGV bound, what names have before the member, removal, clock
-- Returns how many entries are still beyond the bound.
return trim(KEYS[1], KEYS[2], tonumber(ARGV[1]), ARGV[2], ARGV[3], clock(ARGV[4]))
