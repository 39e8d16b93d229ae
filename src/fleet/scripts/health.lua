-- What happens to the word of one model: failures in a row, whether it is off and until when, how often its failures
-- switched it off, and the epoch, which moves on whenever it goes off or comes back. The transitions are those of the word
-- that each member keeps; here they are decided once for the fleet.
--
-- KEYS   1 generation, 2 version, 3 words (a hash by model), 4 results that were counted (a sorted set by time), 5 the models
--        that living workers can ask (a hash, how many of them can), 6 the models that are off (a set), 7 the count of models
-- ARGV   1 the channel, 2 a generation for an empty server, 3 what happens, 4 the word's name, 5 the member, 6 the epoch
--        against which it happened (modulo 2^16; '' for whatever it is), then of each:
--        fail     7 the result's id, 8 what was asked as 16 hex digits or '', 9 the threshold or '', 10 the cooldown and
--                 11 the longest one in milliseconds, 12 the kind
--        succeed  nothing
--        off, on  7 the switch's id, 8 the reason, 9 '1' if it is sent again after the fleet was lost
--        recover  7 the most failures that are left
--        probe    7 the place's id, 8 its lease in milliseconds, 9 the threshold or ''
--        back     7 the place's id
-- Gives  JSON: g generation, v version, m the word's name, w the word as it is now, done (1 if it changed anything), and
--        of a probe place ('taken', 'full' or 'free': none is needed) and under, how many are taken. In the word, l is the
--        time until it comes back in milliseconds, -1 for never, absent if it is on.

local SEEN = 8
local RESULTS = 10000
local RESULTS_KEPT = 24 * 3600 * 1000

local channel, op, name, member, epoch = ARGV[1], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6])
local stored = redis.call('HGET', KEYS[3], name)
local word = stored and cjson.decode(stored) or { f = 0, u = 0, t = 0, e = 0, s = '', p = '', n = 0 }

local is_open = word.u ~= 0
local is_current = epoch == nil or epoch % 65536 == word.e
local done, keep, place, under = false, false, nil, nil

local function is_new(id)
  local is_first = redis.call('ZADD', KEYS[4], 'NX', now, id) == 1
  if is_first then
    redis.call('ZREMRANGEBYSCORE', KEYS[4], '-inf', now - RESULTS_KEPT)
    redis.call('ZREMRANGEBYRANK', KEYS[4], 0, -RESULTS - 1)
    redis.call('PEXPIRE', KEYS[4], RESULTS_KEPT)
  end
  return is_first
end

-- The latest cause first; true if it was not there.
local function add_cause(cause)
  local kept, is_first = { cause }, true
  for known in string.gmatch(word.s, '%x+') do
    if known == cause then
      is_first = false
    elseif #kept < SEEN then
      kept[#kept + 1] = known
    end
  end
  word.s = table.concat(kept, ' ')
  return is_first
end

local function turn(until_ms, how)
  if (word.u ~= 0) ~= (until_ms ~= 0) then
    word.e = (word.e + 1) % 65536
    word.p = ''
  end
  word.u, word.c, word.o, word.b = until_ms, how, member, nil
  done = true
end

local function forget()
  word.t, word.s, word.p = 0, '', ''
end

-- The places that are taken, without those whose lease is over.
local function places()
  local taken, count = {}, 0
  for id, ends in string.gmatch(word.p, '(%x+)@(%d+)') do
    if tonumber(ends) > now then
      taken[#taken + 1] = id .. '@' .. ends
      count = count + 1
    end
  end
  return taken, count
end

if op == 'fail' then
  local threshold = tonumber(ARGV[9])
  if not is_open and is_current and is_new(ARGV[7]) then
    keep = ARGV[8] ~= ''
    if (ARGV[8] == '' or add_cause(ARGV[8])) and threshold then
      word.f = math.min(word.f + 1, threshold)
      word.k, word.b, done = ARGV[12], nil, true
      if word.f >= threshold then
        local cooldown = math.max(1, math.min(tonumber(ARGV[10]) * 2 ^ word.t, tonumber(ARGV[11])))
        local kind = ' of kind ' .. ARGV[12]
        word.r = word.f == 1 and 'a failure' .. kind or word.f .. ' failures in a row, the last' .. kind
        word.t = math.min(word.t + 1, 255)
        turn(now + cooldown, 'failed')
      end
    end
  end
elseif op == 'succeed' then
  if not is_open and is_current and (word.f ~= 0 or word.t ~= 0 or word.s ~= '') then
    word.f, word.b, done = 0, nil, true
    forget()
  end
elseif op == 'off' then
  -- One that is sent again yields to whoever switched the model on since.
  if (is_open or is_current or ARGV[9] ~= '1') and is_new(ARGV[7]) and not (word.u == -1 and word.r == ARGV[8]) then
    turn(-1, 'hand')
    word.r = ARGV[8]
  end
elseif op == 'on' then
  -- One that is sent again yields to whoever switched the model off since.
  if (is_current or ARGV[9] ~= '1') and is_new(ARGV[7]) then
    word.f = 0
    turn(0, 'enabled')
    forget()
  end
elseif op == 'recover' then
  if word.u > 0 and now >= word.u then
    word.f = math.min(word.f, tonumber(ARGV[7]))
    turn(0, 'recovered')
  end
elseif op == 'probe' then
  local threshold = tonumber(ARGV[9])
  local taken, count = places()
  if is_open or word.t == 0 or not is_current then
    place = 'free'
  elseif threshold and count >= threshold - word.f then
    place = 'full'
  else
    place, keep, count = 'taken', true, count + 1
    taken[#taken + 1] = ARGV[7] .. '@' .. string.format('%.0f', now + tonumber(ARGV[8]))
    word.p = table.concat(taken, ' ')
  end
  under = count
elseif op == 'back' then
  local kept = {}
  for _, held in ipairs((places())) do
    if string.sub(held, 1, #ARGV[7] + 1) ~= ARGV[7] .. '@' then kept[#kept + 1] = held end
  end
  word.p, keep = table.concat(kept, ' '), word.p ~= ''
end

local version = changes_so_far()
if done then
  version = redis.call('INCR', KEYS[2])
  word.n = version
end
if done or keep then
  redis.call('HSET', KEYS[3], name, cjson.encode(word))
end
-- The word of a model with one key has a line break in its name, and is no model of the count.
if done and is_open ~= (word.u ~= 0) and not string.find(name, '\n', 1, true) then
  redis.call(word.u ~= 0 and 'SADD' or 'SREM', KEYS[6], name)
  count_models(KEYS[5], KEYS[6], KEYS[7])
end

local left = nil
if word.u ~= 0 then left = word.u < 0 and -1 or math.max(0, word.u - now) end
local told = {
  g = generation, v = version, m = name,
  w = { f = word.f, l = left, t = word.t, e = word.e, s = word.s, n = word.n, o = word.o, r = word.r, c = word.c },
}
if done then redis.pcall('PUBLISH', channel, cjson.encode(told)) end
told.done, told.place, told.under, told.now = done and 1 or 0, place, under, now
return cjson.encode(told)
