package redisstore

// What the scripts of swaps have in common. later returns when a session expires that is there
// already, and set makes the swap. PEXPIREAT GT would do for both, but Redis 6 does not have it.
// Nor does Redis 6.0 have SET with PXAT, which costs the AOF and replicas one command instead
// of four; Redis 7 tells its version.
const swapLua = `
local function later(key, expiry, limit)
	local now = redis.call('TIME')
	local present = now[1] * 1000 + math.floor(now[2] / 1000) + redis.call('PTTL', key)
	return string.format('%d', math.min(math.max(tonumber(expiry), present), tonumber(limit)))
end
local function set(call, key, new, expiry)
	if redis.REDIS_VERSION_NUM then return call('SET', key, new, 'PXAT', expiry) end
	local done = call('SET', key, new)
	if not done.err then redis.call('PEXPIREAT', key, expiry) end
	return done
end
`

// publishLua ends a script that has made a swap with a reply: 1, 2 if the note was refused, 3
// if one has heard it, 6 if nobody has.
const publishLua = `
if ARGV[5] == '' then return 1 end
local heard = redis.pcall('PUBLISH', ARGV[5], ARGV[6])
if type(heard) == 'table' then return 2 end
return heard == 0 and 6 or heard == 1 and 3 or 1`

var (
	// Of the arguments of swapScript, 1 and 2 are the old and the new bytes, 3 and 4 the
	// life's expiry and limit, 5 and 6 the channel and the note, and 7 is "absent" if the
	// key must be. The reply to a swap that was not made is what was found.
	swapScript = newScript(1, swapLua+`
local current, expiry = redis.call('GET', KEYS[1]), ARGV[3]
if current ~= (ARGV[7] ~= 'absent' and ARGV[1]) then return current end
if current and expiry ~= ARGV[4] then expiry = later(KEYS[1], expiry, ARGV[4]) end
set(redis.call, KEYS[1], ARGV[2], expiry)
`+publishLua)

	// quietScript makes swaps of sessions whose channels the sender has joined, probably
	// alone. It publishes nothing. For each key it takes the old and the new bytes, the
	// channel, and unless the session's life stays as it is, the expiry and the limit. The
	// reply to each is 3 if it was made and one listens, 6 if none does here, 1 if several do,
	// else what was found. Of several it may refuse some: 5 says that one was not made, and
	// the reason is found when it is tried alone.
	quietScript = newScript(1, swapLua+`
local several, call, replies, channels = KEYS[2], redis.call, nil, {}
if several then
	call, replies = redis.pcall, redis.call('MGET', unpack(KEYS))
else
	replies = {redis.call('GET', KEYS[1])}
end
local width = #ARGV / #KEYS
for i = 1, #KEYS do
	local n, key, made = width * (i - 1), KEYS[i], nil
	channels[i] = ''
	if replies[i] == ARGV[n + 1] then
		if width == 3 then
			made = call('SET', key, ARGV[n + 2], 'KEEPTTL')
		elseif ARGV[n + 4] == ARGV[n + 5] then
			made = set(call, key, ARGV[n + 2], ARGV[n + 4])
		else
			made = set(call, key, ARGV[n + 2], later(key, ARGV[n + 4], ARGV[n + 5]))
		end
		replies[i] = 5
		if not made.err then replies[i], channels[i] = 1, ARGV[n + 3] end
	end
end
local listeners = redis.pcall('PUBSUB', 'NUMSUB', unpack(channels))
for i = 1, #KEYS do
	if replies[i] == 1 then
		local n = listeners[2 * i]
		replies[i] = n == 1 and 3 or n == 0 and 6 or 1
	end
end
return several and replies or replies[1]`)
)
