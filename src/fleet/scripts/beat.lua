-- A member's sign of life, and what it is; forgets members that gave none for so long that they live no longer.
--
-- KEYS   1 generation, 2 version, 3 members (a hash by id), 4 when each was seen (a sorted set), 5 the models that living workers
--        can ask (a hash, how many of them can), 6 the models that are off (a set), 7 the count of models,
--        8 the highest protocol that each member speaks (a sorted set)
-- ARGV   1 the channel, 2 a generation for an empty server, 3 the member's id, 4 what it is as JSON, of which `models` are
--        the ids that it can ask and `role` is 'worker' or 'reader'; '' if it leaves; 5 for how many milliseconds an unseen
--        member lives, 6 the highest protocol that it speaks, 7 '1' if it asks when each member was seen
-- Gives  JSON: g generation, v version, now the time in milliseconds since 1970, count how many models can be asked,
--        lapsed the members that were forgotten, lowest the protocol that all members speak, seen a member and its time in turn

-- Adds or takes away what a member can ask.
local function note_models(description, by)
  local read, is = pcall(cjson.decode, description)
  if not read or is.role ~= 'worker' or type(is.models) ~= 'table' then return end
  for _, model in ipairs(is.models) do
    if redis.call('HINCRBY', KEYS[5], model, by) <= 0 then redis.call('HDEL', KEYS[5], model) end
  end
end

local changed = false

local function describe(id, description)
  local before = redis.call('HGET', KEYS[3], id)
  if before == description or (not before and description == '') then return end
  if before then note_models(before, -1) end
  if description == '' then
    redis.call('HDEL', KEYS[3], id)
  else
    redis.call('HSET', KEYS[3], id, description)
    note_models(description, 1)
  end
  changed = true
end

local lapsed = redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now - tonumber(ARGV[5]), 'LIMIT', 0, 100)
for place, id in ipairs(lapsed) do
  if id == ARGV[3] then
    table.remove(lapsed, place)
    break
  end
end
for _, id in ipairs(lapsed) do
  describe(id, '')
  redis.call('ZREM', KEYS[4], id)
  redis.call('ZREM', KEYS[8], id)
end
describe(ARGV[3], ARGV[4])
if ARGV[4] == '' then
  redis.call('ZREM', KEYS[4], ARGV[3])
  redis.call('ZREM', KEYS[8], ARGV[3])
else
  redis.call('ZADD', KEYS[4], now, ARGV[3])
  redis.call('ZADD', KEYS[8], ARGV[6], ARGV[3])
end

local count = count_models(KEYS[5], KEYS[6], KEYS[7])

local version = changes_so_far()
if changed then
  version = redis.call('INCR', KEYS[2])
  redis.pcall('PUBLISH', ARGV[1], cjson.encode({ g = generation, v = version, all = 1 }))
end
local seen = ARGV[7] == '1' and redis.call('ZRANGE', KEYS[4], 0, -1, 'WITHSCORES') or nil
local lowest = redis.call('ZRANGE', KEYS[8], 0, 0, 'WITHSCORES')[2]
return cjson.encode({
  g = generation, v = version, now = now, count = count, lapsed = lapsed, lowest = tonumber(lowest or nil), seen = seen,
})
