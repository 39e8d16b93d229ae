-- Writes back what a member knows of words to a server that lost them: one that was emptied, that came back without what it
-- held, or a replica that had not heard the last. What the server knows later stays.
--
-- KEYS   1 generation, 2 version, 3 words (a hash by model), 4 the models that living workers can ask (a hash, how many of them
--        can), 5 the models that are off (a set), 6 the count of models
-- ARGV   1 the channel, 2 a generation for an empty server, 3 words as JSON: a list of m the name, f, t, e, s, r as in the
--        word, o the member where it happened, c how it was switched, and l the time until it comes back in milliseconds, -1
--        for never, absent if it is on
-- Gives  JSON: g generation, v version

-- How far an epoch is beyond another, modulo 2^16.
local function beyond(one, other)
  return (one - other + 32768) % 65536 - 32768
end

-- Of two times until a word comes back the later, -1 being never and 0 that it is on.
local function later(one, other)
  if one < 0 or other < 0 then return -1 end
  return math.max(one, other)
end

local changed = {}
for _, known in ipairs(cjson.decode(ARGV[3])) do
  local stored = redis.call('HGET', KEYS[3], known.m)
  local word = stored and cjson.decode(stored)
  local ahead = word and beyond(known.e, word.b or word.e) or 1
  local until_ms = 0
  if known.l then until_ms = known.l < 0 and -1 or math.max(1, now + known.l) end
  local before = stored
  if ahead > 0 then
    -- What was under way against an epoch that is known counts no more: nobody can tell what else happened in it.
    word = {
      f = known.f, u = until_ms, t = known.t, e = (known.e + 1) % 65536, b = known.e, s = known.s, p = '', n = 0,
      r = known.r, o = known.o, c = known.c,
    }
  elseif ahead == 0 then
    local is_off = word.u ~= 0 or until_ms ~= 0
    word.f, word.t = math.max(word.f, known.f), math.max(word.t, known.t)
    if word.u == 0 and until_ms ~= 0 then word.r, word.o, word.c = known.r, known.o, known.c end
    if is_off then word.u = later(word.u, until_ms) end
    if #word.s < #known.s then word.s = known.s end
  end
  local written = cjson.encode(word)
  if written ~= before then
    word.n = redis.call('INCR', KEYS[2])
    redis.call('HSET', KEYS[3], known.m, cjson.encode(word))
    if not string.find(known.m, '\n', 1, true) then
      redis.call(word.u ~= 0 and 'SADD' or 'SREM', KEYS[5], known.m)
    end
    changed[#changed + 1] = known.m
  end
end

if #changed > 0 then
  count_models(KEYS[4], KEYS[5], KEYS[6])
end
local version = changes_so_far()
if #changed > 0 then
  redis.pcall('PUBLISH', ARGV[1], cjson.encode({ g = generation, v = version, all = 1 }))
end
return cjson.encode({ g = generation, v = version })
