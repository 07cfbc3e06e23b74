"""The step of a rate limit, in Lua: `botkeep.ratelimit.decisions.decide` says what it does and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from botkeep.storages.redis.commands import Command
from botkeep.storages.redis.scripts import Script

if TYPE_CHECKING:
    from botkeep.ratelimit.decisions import Limits

HIT: Final = Script("""
local strategy, cost, now, quotas = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), (#ARGV - 3) / 2
local found, states = redis.call('GET', KEYS[1]), {}
if found then
  local state = strategy == 'sliding' and '%[%d+,%d+,%d+%]' or '%[%d+,%d+%]'
  local frame, count = string.gsub(found, state, '')
  if count ~= quotas or frame ~= '[' .. string.rep(',', quotas - 1) .. ']' then
    return '0' .. found
  end
  states = cjson.decode(found)
end
local allowed, expires = true, 0
for i = 1, quotas do
  local limit, period = tonumber(ARGV[2 * i + 2]), tonumber(ARGV[2 * i + 3])
  local at, hits, before = unpack(states[i] or {0, 0, 0})
  if at > now + period then
    at, hits, before = 0, 0, 0
  end
  local moment = math.max(now, at)
  local start = moment - moment % period
  local load
  if strategy == 'gcra' then
    load = math.max(0, hits - (moment - at) * limit)
    states[i] = {moment, load}
  elseif strategy == 'fixed' then
    states[i] = {start, at == start and hits or 0}
    load = states[i][2] * period
  else
    if at < start then
      hits, before = 0, at == start - period and hits or 0
    end
    states[i] = {start, hits, before}
    load = hits * period + before * (start + period - moment)
  end
  allowed = allowed and load + cost * period <= limit * period
  expires = math.max(expires, start + 2 * period)
end
for i, state in ipairs(states) do
  if allowed then
    state[2] = state[2] + (strategy == 'gcra' and cost * ARGV[2 * i + 3] or cost)
  end
  states[i] = string.format(state[3] and '[%.0f,%.0f,%.0f]' or '[%.0f,%.0f]', unpack(state))
end
local record = '[' .. table.concat(states, ',') .. ']'
if not allowed then
  return '0' .. record
end
redis.call('SET', KEYS[1], record, 'PX', expires - now)
return '1' .. record
""")
"""Arguments: strategy, cost, now in milliseconds, then limit and period of each quota.

The answer is one text, because a list takes thrice as long to read: "1" or "0", whether the hit was allowed,
and behind it the record, brought to now; or what was found instead of a record, and was left.
"""


def hit(key: bytes, identifier: str, limits: Limits, cost: int, now: float) -> Command:
    numbers = (cost, round(now * 1000), *(number for quota in limits.quotas for number in quota))
    words = (b"1", key, limits.strategy.encode(), *(b"%d" % number for number in numbers))
    return Command(*words, key=key, identifier=identifier, writes=True, script=HIT)
