-- Writes what a member has counted on a day.
--
-- KEYS   1 the day's hash, by member
-- ARGV   1 the member's id, 2 what it has counted, as JSON, 3 when the hash expires, in milliseconds since 1970
-- Gives  ''

redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIREAT', KEYS[1], ARGV[3])
return ''
