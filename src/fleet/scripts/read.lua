-- All that the members of a fleet know of one another, as it is at one moment. Writes nothing.
--
-- KEYS   1 generation, 2 version, 3 words (a hash by model), 4 members (a hash by id), 5 when each was seen (a sorted set),
--        6 coolings (a hash by what cools), 7 the version of the prompts that is pinned
-- ARGV   nothing
-- Gives  JSON: g generation ('' on an empty server), v version, now the time in milliseconds since 1970; words, members and
--        coolings as the hashes are, a name and its text in turn; seen, a member and its time in turn; pin

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return cjson.encode({
  g = redis.call('GET', KEYS[1]) or '',
  v = tonumber(redis.call('GET', KEYS[2]) or 0),
  now = now,
  words = redis.call('HGETALL', KEYS[3]),
  members = redis.call('HGETALL', KEYS[4]),
  coolings = redis.call('HGETALL', KEYS[6]),
  pin = redis.call('GET', KEYS[7]) or nil,
  seen = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES'),
})
