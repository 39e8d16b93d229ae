-- Pins a version of the prompts for the whole fleet, or lets go of it.
--
-- KEYS   1 generation, 2 version, 3 the pin
-- ARGV   1 the channel, 2 a generation for an empty server, 3 the version of the prompts, '' for none, 4 the number of the
--        pin that it follows on, '' for whatever there is
-- Gives  JSON: g generation, v version, pin: the number of the pin, a line break, and the version of the prompts

local version = changes_so_far()
local pin = redis.call('GET', KEYS[3]) or '0\n'
local number = tonumber(string.match(pin, '^%d+'))
-- One that was pinned while the fleet was lost yields to whoever pinned another since.
if ARGV[4] == '' or tonumber(ARGV[4]) >= number then
  number = math.max(number, tonumber(ARGV[4]) or 0) + 1
  pin = string.format('%.0f', number) .. '\n' .. ARGV[3]
  redis.call('SET', KEYS[3], pin)
  version = redis.call('INCR', KEYS[2])
  redis.pcall('PUBLISH', ARGV[1], cjson.encode({ g = generation, v = version, pin = pin }))
end
return cjson.encode({ g = generation, v = version, pin = pin })
