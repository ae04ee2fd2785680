package redisstore

// A roll is a hash. It has an entry for each session, under the session's store key: device,
// when it was made, its order, its mark and since when it was seen to be absent, or 0; times
// in Unix milliseconds. Under ":n", which is no store key, is the order of the last entry.
//
// These scripts also read keys that their callers do not name: the sessions on a roll are
// known only to the roll. A cluster would not allow that.
const rollLua = `
local function now()
	local time = redis.call('TIME')
	return time[1] * 1000 + math.floor(time[2] / 1000)
end
local function read(record)
	local device, made, order, mark, absent = string.match(record or '', '^(%S+) (%d+) (%d+) (%d) (%d+)$')
	if not device then return nil end
	return {device = device, made = tonumber(made), order = tonumber(order), mark = mark, absent = tonumber(absent)}
end
local function write(roll, key, e)
	redis.call('HSET', roll, key, string.format('%s %.0f %.0f %s %.0f', e.device, e.made, e.order, e.mark, e.absent))
end
local function leave(roll, key)
	redis.call('HDEL', roll, key)
	if redis.call('HLEN', roll) == 1 then redis.call('DEL', roll) end
end
local function tend(roll, prefix, key, e)
	local live = redis.call('EXISTS', prefix .. key) == 1
	if live and e.absent == 0 then return true, true end
	local absent = live and 0 or now()
	if not live and e.absent > 0 then
		if absent - e.absent <= 60000 then return false, true end
		leave(roll, key)
		return false, false
	end
	e.absent = absent
	write(roll, key, e)
	return live, true
end
`

var (
	// ownedSwapScript is swapScript with two rolls: KEYS[2] of whose the session becomes,
	// and KEYS[3] of whose it was. Of the further arguments, 9 is the store key, 10 the
	// device, '' if the session becomes nobody's, 11 the deadline, 12 whether it leaves
	// KEYS[3], 13 whether its login is seen, 14 whether those it goes on from must be on
	// the roll, 15 whether the deadline was another, 16 the prefix of sessions, and from 17
	// on those. The reply is 4 if one of them has a mark. What adds to a roll comes before
	// what takes away, which Redis never refuses, and all before the swap.
	//
	// Where the first of two tries may have been made, 14 is set: it has taken those off the
	// roll, and what it made of them may have ended since.
	ownedSwapScript = newScript(3, rollLua+swapLua+swapCheck+`
local key, heir = ARGV[9], nil
for i = 17, #ARGV do
	local from = read(redis.call('HGET', KEYS[2], ARGV[i]))
	if from and from.mark ~= '0' or not from and ARGV[14] == 'late' then return 4 end
	heir = heir or from
end
if ARGV[10] ~= '' then
	local seen = ARGV[13] == 'seen'
	local enters = seen or redis.call('HEXISTS', KEYS[2], key) == 0
	if enters then
		local others = redis.call('HSCAN', KEYS[2], redis.call('TIME')[2], 'COUNT', 8)[2]
		local e = {device = ARGV[10], made = seen and now() or 0, mark = '0', absent = 0}
		if heir then e.device, e.made = heir.device, heir.made end
		e.order = redis.call('HINCRBY', KEYS[2], ':n', 1)
		write(KEYS[2], key, e)
		for i = 1, math.min(#others, 16), 2 do
			local other = read(others[i + 1])
			if other and others[i] ~= key then tend(KEYS[2], ARGV[16], others[i], other) end
		end
	end
	for i = 17, #ARGV do redis.call('HDEL', KEYS[2], ARGV[i]) end
	if (enters or ARGV[15] == 'moved') and redis.call('PTTL', KEYS[2]) < ARGV[11] - now() + 60000 then
		redis.call('PEXPIREAT', KEYS[2], string.format('%.0f', ARGV[11] + 120000))
	end
end
if ARGV[12] == 'left' then leave(KEYS[3], key) end
`+swapMake).lateAt(14)

	// ARGV[2] says whether the devices from 3 on are marked, all but these, or none. The
	// reply has those that are marked now, or all.
	markScript = newScript(1, rollLua+`
local named, found, all = {}, {}, redis.call('HGETALL', KEYS[1])
for i = 3, #ARGV do named[ARGV[i]] = true end
for i = 1, #all, 2 do
	local key, e = all[i], read(all[i + 1])
	local live, stays = false, false
	if e then live, stays = tend(KEYS[1], ARGV[1], key, e) end
	local marks = e and (ARGV[2] == 'only' and named[e.device] or ARGV[2] == 'but' and not named[e.device])
	if stays and marks and e.mark ~= '1' then
		e.mark = '1'
		write(KEYS[1], key, e)
	end
	if stays and (marks or ARGV[2] == 'none') then
		found[#found + 1] = {key, e.device, string.format('%.0f', e.made), live and 1 or 0}
	end
end
return found`)

	supersedeScript = newScript(1, rollLua+`
local me = read(redis.call('HGET', KEYS[1], ARGV[2]))
if not me then return {} end
local keys, earlier, all = {}, {}, redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
	local e = read(all[i + 1])
	if e and e.order < me.order and e.mark ~= '1' then
		local left = redis.call('PTTL', ARGV[1] .. all[i])
		e.key, e.left = all[i], ARGV[4] == 'use' and left or 0
		if left ~= -2 and e.mark == '2' then keys[#keys + 1] = e.key end
		if left ~= -2 and e.mark == '0' then earlier[#earlier + 1] = e end
	end
end
table.sort(earlier, function(a, b)
	if a.left ~= b.left then return a.left < b.left end
	if a.made ~= b.made then return a.made < b.made end
	return a.order < b.order
end)
for i = 1, math.min(#earlier, #earlier + 1 - tonumber(ARGV[3])) do
	earlier[i].mark = '2'
	write(KEYS[1], earlier[i].key, earlier[i])
	keys[#keys + 1] = earlier[i].key
end
return keys`)

	// The reply is 1, 2 if the note was refused, else what was found.
	endScript = newScript(2, rollLua+`
local current = redis.call('GET', KEYS[1])
if current ~= ARGV[2] then return current end
redis.call('DEL', KEYS[1])
leave(KEYS[2], ARGV[1])
if ARGV[3] ~= '' and type(redis.pcall('PUBLISH', ARGV[3], ARGV[4])) == 'table' then return 2 end
return 1`)

	leaveScript = newScript(2, rollLua+`
local current = redis.call('GET', KEYS[1])
if ARGV[2] == 'absent' and not current or ARGV[2] == 'present' and current == ARGV[3] then leave(KEYS[2], ARGV[1]) end
return 1`)
)
