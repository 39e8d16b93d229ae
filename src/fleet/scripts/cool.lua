-- Leaves a model or a whole provider alone for a moment, for whoever has the same key: only ever for longer.
--
-- KEYS   1 generation, 2 version, 3 coolings (a hash by what cools)
-- ARGV   1 the channel, 2 a generation for an empty server, 3 what cools: the address and the key of a provider as a hash,
--        with the model after a line break if it is one alone, 4 for how many milliseconds, 5 the kind of the failure, 6 the
--        member where it happened
-- Gives  JSON: g generation, v version, done (1 if it is left alone for longer than before)

local function until_of(text)
  return tonumber(string.match(text, '^%d+')) or 0
end

-- What is over is forgotten here, for a hash has one expiry for all.
local coolings = redis.call('HGETALL', KEYS[3])
local before = 0
for place = 1, #coolings, 2 do
  local ends = until_of(coolings[place + 1])
  if coolings[place] == ARGV[3] then before = ends end
  if ends <= now then redis.call('HDEL', KEYS[3], coolings[place]) end
end

local version = changes_so_far()
local ends = now + tonumber(ARGV[4])
if ends <= before or ends <= now then
  return cjson.encode({ g = generation, v = version, done = 0 })
end
redis.call('HSET', KEYS[3], ARGV[3], string.format('%.0f %s %s', ends, ARGV[5], ARGV[6]))
version = redis.call('INCR', KEYS[2])
local told = { g = generation, v = version, cooling = { name = ARGV[3], left = ends - now, kind = ARGV[5], origin = ARGV[6] } }
redis.pcall('PUBLISH', ARGV[1], cjson.encode(told))
return cjson.encode({ g = generation, v = version, done = 1 })
