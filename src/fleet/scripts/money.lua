-- What a member has of a day's budget: it reports what it has spent and holds, and is granted what its calls need and a
-- reserve. A member holds what it is allowed until it says otherwise, whether it lives or not.
--
-- A row of the hash is a member: the field 'm:' and its id, the value 'number allowed spent uncertain' with amounts in
-- millionths of a dollar. Besides, 'v' counts the changes, 't:' and a share says that it was told that so much of the budget
-- is gone, 'l:' and an id that a member lapsed, and 'b' is the budget that was used last.
--
-- KEYS   1 generation, 2 version, 3 when each member was seen (a sorted set), 4 the greatest time that the clock gave, 5 the
--        day's hash
-- ARGV   1 the channel, 2 a generation for an empty server, 3 the member's id ('' to read alone), 4 the day, counted from
--        1970-01-01, 5 the greatest time that the member was given, 6 the number of the row on which this is based, 7 spent,
--        8 uncertain: what ended and may be billed yet, 9 taken: both and what is reserved, 10 keep: what the member goes by
--        until it is answered, 11 what each call needs that waits, 12 what was spent in the last ten minutes, 13 the
--        budget ('' for none), 14 shares to be told of and from which sum on, each as share=sum, 15 '1' if a call needs
--        more than is not gone, 16 the changes that the member has seen ('' if it asks for no rows), 17 for how many
--        milliseconds an unseen member lives, 18 '1' if every message before this one was answered
-- Gives  JSON: g generation; now, the greatest time; done, 1 if the message was applied; opens, in how many milliseconds
--        something can be granted; row, the member's row; free; living, how many members with a row live; of the others
--        spent, uncertain, held by living ones beyond that, lapsed by those that live no longer; budget, the one that was
--        used before; v the changes; told, 1 if something was marked; rows, all fields and their values in turn, if the
--        member has not seen them

local DAY = 86400000
local GRACE = 2000
local EARLY = 600000

-- A clock that goes back by a day or less is not followed.
local latest = now
for _, known in ipairs({ tonumber(redis.call('GET', KEYS[4]) or 0), tonumber(ARGV[5]) or 0 }) do
  if known > latest and known - now <= DAY then latest = known end
end
redis.call('SET', KEYS[4], string.format('%.0f', latest), 'PX', 3 * DAY)

local id, day = ARGV[3], tonumber(ARGV[4])
local born = tonumber(string.match(generation, ':(%d+)$') or 0)
-- One that is to be made long from now is of before the clock went back.
local since = now - born
local opens = math.abs(since) < GRACE and GRACE - since or 0
local today = math.floor(latest / DAY)
local is_open = opens == 0 and (day == today or (day == today + 1 and latest >= day * DAY - EARLY))

local function text(number)
  return string.format('%.0f', number)
end

local function row_of(value)
  local n, a, s, u = string.match(value, '^(%d+) (%d+) (%d+) (%d+)')
  if not n then return nil end
  return { n = tonumber(n), a = tonumber(a), s = tonumber(s), u = tonumber(u) }
end

local living = {}
for _, seen in ipairs(redis.call('ZRANGEBYSCORE', KEYS[3], text(now - tonumber(ARGV[17]) + 1), '+inf')) do
  living[seen] = true
end
if id ~= '' then living[id] = true end

local fields, marks, workers = redis.call('HGETALL', KEYS[5]), {}, 0
local own, others = nil, { spent = 0, uncertain = 0, held = 0, lapsed = 0, taken = 0 }
local lapses = {}
for place = 1, #fields, 2 do
  local kind, name = string.match(fields[place], '^(%a):(.*)$')
  local row = kind == 'm' and row_of(fields[place + 1])
  if row then
    if living[name] then workers = workers + 1 end
    if name == id then
      own = row
    else
      local rest = math.max(0, row.a - row.s - row.u)
      others.spent, others.uncertain = others.spent + row.s, others.uncertain + row.u
      others.taken = others.taken + math.max(row.a, row.s)
      if living[name] then
        others.held = others.held + rest
      else
        others.lapsed = others.lapsed + rest
        if rest > 0 then lapses[name] = rest end
      end
    end
  elseif kind then
    marks[fields[place]] = true
  end
end

local changes, told = {}, 0
local function change(field, value)
  changes[#changes + 1] = field
  changes[#changes + 1] = value
end
local function mark(field, value)
  if not marks[field] then
    change(field, value)
    told = 1
  end
end

local based, spent, uncertain = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local taken, keep, budget = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[13])
local used_last = redis.call('HGET', KEYS[5], 'b')
if id == '' and not budget then budget = tonumber(used_last or nil) end
local done = 0
-- A copy of a row that has a greater number is the later one: this server has lost what came between.
if id ~= '' and (not own or own.n <= based) then
  done = 1
  local allowed = keep
  local could_have = budget and budget - others.taken or 2 ^ 53
  if is_open and could_have > taken then
    local need = taken
    for want in string.gmatch(ARGV[11], '%d+') do
      if need + tonumber(want) <= could_have then need = need + tonumber(want) end
    end
    local reserve = 0
    if budget then
      local share = math.floor((could_have - need) / (4 * math.max(workers, 1)))
      reserve = math.min(tonumber(ARGV[12]), math.floor(budget / 64), share)
    end
    allowed = math.max(keep, need + reserve)
  end
  if not own then workers = workers + 1 end
  local is_same = own and own.n == based and own.a == allowed and own.s == spent and own.u == uncertain
  -- The number moves on even so if a message is on its way that is based on the same one.
  if not (is_same and ARGV[18] == '1') then
    own = { n = based + 1, a = allowed, s = spent, u = uncertain }
    change('m:' .. id, text(own.n) .. ' ' .. text(own.a) .. ' ' .. text(own.s) .. ' ' .. text(own.u))
  end
  if marks['l:' .. id] then
    redis.call('HDEL', KEYS[5], 'l:' .. id)
    change('m:' .. id, text(own.n) .. ' ' .. text(own.a) .. ' ' .. text(own.s) .. ' ' .. text(own.u))
  end
  if budget and used_last ~= text(budget) then change('b', text(budget)) end
end

-- Nothing is told while members write back what an emptied server knew before.
if done == 1 and opens == 0 then
  for name, rest in pairs(lapses) do
    if #changes < 200 then mark('l:' .. name, text(rest) .. ' ' .. id) end
  end
  if budget then
    local gone = others.spent + others.uncertain + spent + uncertain
    -- What members hold that are gone is not spent.
    local is_spent = ARGV[15] == '1' and others.lapsed == 0
    for share, sum in string.gmatch(ARGV[14], '([%d%.]+)=(%d+)') do
      if gone >= tonumber(sum) or (is_spent and tonumber(share) <= 1) then
        mark('t:' .. share, id .. ' ' .. text(others.spent + spent))
      end
    end
  end
end

local version = tonumber(redis.call('HGET', KEYS[5], 'v') or 0)
if #changes > 0 then
  redis.call('HSET', KEYS[5], unpack(changes))
  version = redis.call('HINCRBY', KEYS[5], 'v', 1)
  redis.call('PEXPIREAT', KEYS[5], text(math.max(latest, day * DAY) + 4 * DAY))
end

local rows = nil
if told == 1 or (ARGV[16] ~= '' and ARGV[16] ~= text(version)) then rows = redis.call('HGETALL', KEYS[5]) end
if told == 1 then
  redis.pcall('PUBLISH', ARGV[1], cjson.encode({ g = generation, v = changes_so_far(), money = 1 }))
end
local free = budget and math.max(0, budget - others.taken - (own and math.max(own.a, own.s) or 0))
return cjson.encode({
  g = generation, now = text(latest), done = done, opens = opens, v = version, told = told, living = workers, rows = rows,
  row = own and { text(own.n), text(own.a), text(own.s), text(own.u) } or nil, free = free and text(free) or nil,
  spent = text(others.spent), uncertain = text(others.uncertain), held = text(others.held), lapsed = text(others.lapsed),
  budget = used_last or nil,
})
