-- What all members have counted on some days. Writes nothing.
--
-- KEYS   the hash of each day, by member
-- ARGV   nothing
-- Gives  JSON: for each day a list of what its members have counted, each as JSON

local days = {}
for place, key in ipairs(KEYS) do days[place] = redis.call('HVALS', key) end
return cjson.encode(days)
