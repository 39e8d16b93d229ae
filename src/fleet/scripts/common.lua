-- How every script that changes something begins: this text stands before its own.
--
-- KEYS   1 generation, 2 version
-- ARGV   1 the channel ('' where nothing is told), 2 a generation for an empty server
-- Gives  now, the server's time in milliseconds since 1970; generation, which is made where there is none; changes_so_far();
--        count_models(usable, off, count)

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local generation = redis.call('GET', KEYS[1])
if not generation then
  generation = ARGV[2] .. ':' .. string.format('%.0f', now)
  redis.call('SET', KEYS[1], generation)
  redis.call('SET', KEYS[2], 0)
end

-- How many changes there were in this generation.
local function changes_so_far()
  return tonumber(redis.call('GET', KEYS[2]) or 0)
end

-- Works out how many models can be asked, and keeps the count for pages that have no engine: those that living workers can
-- ask (a hash) without those that are off (a set).
local function count_models(usable, off, count)
  local models = redis.call('HLEN', usable)
  for _, model in ipairs(redis.call('SMEMBERS', off)) do
    models = models - redis.call('HEXISTS', usable, model)
  end
  redis.call('SET', count, models, 'EX', 300)
  return models
end

