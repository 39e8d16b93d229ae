-- Writes back what a member knows of a day, after a server was emptied or has lost writes. Of two copies of a row the one
-- with the greater number stays.
--
-- KEYS   1 generation, 2 version, 3 the day's hash
-- ARGV   1 nothing, 2 a generation for an empty server, 3 when the hash expires, in milliseconds since 1970, then fields of the
--        hash and their values in turn
-- Gives  JSON: g generation, v the changes of the hash

local function number(row)
  return tonumber(string.match(row or '', '^%d+') or -1)
end

local changed = false
for place = 4, #ARGV, 2 do
  local field, value = ARGV[place], ARGV[place + 1]
  local known = redis.call('HGET', KEYS[3], field)
  local is_row = string.sub(field, 1, 2) == 'm:'
  if field ~= 'v' and (not known or (is_row and number(value) > number(known))) then
    redis.call('HSET', KEYS[3], field, value)
    changed = true
  end
end
if changed then
  redis.call('HINCRBY', KEYS[3], 'v', 1)
  redis.call('PEXPIREAT', KEYS[3], ARGV[3])
end
return cjson.encode({ g = generation, v = tonumber(redis.call('HGET', KEYS[3], 'v') or 0) })
