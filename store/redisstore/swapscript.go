package redisstore

// laterLua has later, which returns when a session is to expire that has so much time left.
// PEXPIREAT GT would do, but Redis 6 does not have it.
const laterLua = `
local function later(left, expiry, limit)
	local now = redis.call('TIME')
	local present = now[1] * 1000 + math.floor(now[2] / 1000) + left
	return string.format('%d', math.min(math.max(tonumber(expiry), present), tonumber(limit)))
end
`

// swapLua has set, which makes a swap. Redis 6.0 does not have SET with PXAT, which costs the
// AOF and replicas one command instead of four; Redis 7 tells its version.
const swapLua = laterLua + `
local function set(call, key, new, expiry)
	if redis.REDIS_VERSION_NUM then return call('SET', key, new, 'PXAT', expiry) end
	local done = call('SET', key, new)
	if not done.err then redis.call('PEXPIREAT', key, expiry) end
	return done
end
`

// The two parts of swapScript.
const (
	swapCheck = `
local current, expiry = redis.call('GET', KEYS[1]), ARGV[3]
if current ~= (ARGV[7] ~= 'absent' and ARGV[1]) then return current end
if current and expiry ~= ARGV[4] then expiry = later(redis.call('PTTL', KEYS[1]), expiry, ARGV[4]) end
`
	swapMake = `
set(redis.call, KEYS[1], ARGV[2], expiry)
if ARGV[5] == '' then return 1 end
local listeners = ARGV[8] ~= '' and redis.pcall('PUBSUB', 'NUMSUB', ARGV[5], ARGV[8]) or {}
if listeners[2] == 1 and listeners[4] == 1 then return 3 end
if type(redis.pcall('PUBLISH', ARGV[5], ARGV[6])) == 'table' then return 2 end
return listeners[4] == 0 and 6 or 1`
)

// The reply to a swap is 1 if it was made, 2 if its note was refused, 3 if there was no need to
// publish it, since the sender's own line alone listens, 6 if it was published and that line
// is not at this server; else what was found.
var (
	// Of the arguments of swapScript, 1 and 2 are the old and the new bytes, 3 and 4 the
	// life's expiry and limit, 5 and 6 the channel and the note, 7 is "absent" if the key
	// must be, and 8 the line's own channel, "" if no line of the sender has joined 5.
	swapScript = newScript(1, swapLua+swapCheck+swapMake)

	// quietScript makes swaps of sessions to which the sender listens, probably alone. For
	// each key it takes the old and the new bytes, the id, and unless the session's life
	// stays as it is, the expiry and the limit; for all the prefix of the channels, the
	// line's own channel, and how a note begins. Of several swaps Redis may refuse some: 5
	// says that one was not made, and the reason is found when it is tried alone.
	quietScript = newScript(1, swapLua+`
local several, call, replies, channels = KEYS[2], redis.call, nil, {}
if several then
	call, replies = redis.pcall, redis.call('MGET', unpack(KEYS))
else
	replies = {redis.call('GET', KEYS[1])}
end
local prefix, own, head = ARGV[#ARGV - 2], ARGV[#ARGV - 1], ARGV[#ARGV]
local width = (#ARGV - 3) / #KEYS
for i = 1, #KEYS do
	local n, key, made = width * (i - 1), KEYS[i], nil
	channels[i] = ''
	if replies[i] == ARGV[n + 1] then
		if width == 3 then
			made = call('SET', key, ARGV[n + 2], 'KEEPTTL')
		elseif ARGV[n + 4] == ARGV[n + 5] then
			made = set(call, key, ARGV[n + 2], ARGV[n + 4])
		else
			made = set(call, key, ARGV[n + 2], later(redis.call('PTTL', key), ARGV[n + 4], ARGV[n + 5]))
		end
		replies[i] = 5
		if not made.err then replies[i], channels[i] = 3, prefix .. ARGV[n + 3] end
	end
end
channels[#KEYS + 1] = own
local listeners = redis.pcall('PUBSUB', 'NUMSUB', unpack(channels))
local here = listeners[2 * #channels]
for i = 1, #KEYS do
	if replies[i] == 3 and (listeners[2 * i] ~= 1 or here ~= 1) then
		local told = redis.pcall('PUBLISH', channels[i], head .. ARGV[width * (i - 1) + 3] .. '","kind":"changed"}')
		replies[i] = here == 0 and 6 or type(told) == 'table' and 2 or 1
	end
end
return several and replies or replies[1]`)
)
