"""The step of a rate limit as one script for Redis: `botkeep.ratelimit.decisions.decide` says what and why.

There is a script for each strategy and number of quotas: one for all would spend most of its time on finding
out which it is.
"""

from __future__ import annotations

from functools import cache
from typing import Final, NamedTuple

from botkeep.ratelimit.strategies import CLOCKS_APART, STRATEGIES, StrategyName
from botkeep.storages.redis.scripts import NOW, Script


class _Steps(NamedTuple):
    """What the strategies do differently, in Lua.

    Attributes:
        start: the moment that a state bears which was brought back to ``now``.
        advance: makes ``state`` what it has become by ``moment``, and ``load`` what counts against the limit.
        weight: by what a hit adds to the state.
    """

    start: str
    advance: str
    weight: str


_STEPS: Final[dict[StrategyName, _Steps]] = {
    "fixed": _Steps(
        start="now - now % period",
        advance="""
  state[base + 2] = at == start and state[base + 2] or 0
  state[base + 1] = start
  local load = state[base + 2] * period
""",
        weight="cost",
    ),
    "sliding": _Steps(
        start="now - now % period",
        advance="""
  if at < start then
    state[base + 3] = at == start - period and state[base + 2] or 0
    state[base + 2] = 0
  end
  state[base + 1] = start
  local load = state[base + 2] * period + state[base + 3] * (start + period - moment)
""",
        weight="cost",
    ),
    "gcra": _Steps(
        start="now",
        advance="""
  local load = math.max(0, state[base + 2] - (moment - at) * limit)
  state[base + 1], state[base + 2] = moment, load
""",
        weight="cost * ARGV[2 * i + 1]",
    ),
}


@cache
def hit(strategy: StrategyName, quotas: int) -> Script:
    """Return the script for so many quotas.

    Its arguments are the cost, then limit and period of each quota. The time is the server's. The answer is
    one text, because a list takes thrice as long to read: "1" or "0", whether the hit was allowed; the
    server's time in milliseconds; and the record, brought to that time, or what was found instead of a record
    and was left.
    """
    width, steps = len(STRATEGIES[strategy].fresh), _STEPS[strategy]
    zeros = ", ".join(["0"] * width * quotas)
    return Script(f"""{NOW}
local found, cost = redis.call('GET', KEYS[1]), tonumber(ARGV[1])
local state = {{{zeros}}}
if found then
  if not string.find(found, '^{_record("%d+", width, quotas, escape="%")}$') then
    return string.format('0 %.0f ', now) .. found
  end
  local i = 0
  for number in string.gmatch(found, '%d+') do
    i = i + 1
    state[i] = tonumber(number)
  end
end
local allowed, moved, expires = true, false, 0
for i = 1, {quotas} do
  local limit, period, base = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1]), {width} * (i - 1)
  local at = state[base + 1]
  if at > now + math.max(period, {CLOCKS_APART}) then
    at, moved = {steps.start}, true
  end
  local moment = math.max(now, at)
  local start = moment - moment % period
  {steps.advance.strip()}
  allowed = allowed and load + cost * period <= limit * period
  expires = math.max(expires, start + 2 * period)
end
if allowed then
  for i = 1, {quotas} do
    state[{width} * i - {width - 2}] = state[{width} * i - {width - 2}] + {steps.weight}
  end
end
local record = string.format('{_record("%.0f", width, quotas)}', unpack(state))
if allowed or moved then
  redis.call('SET', KEYS[1], record, 'PX', string.format('%.0f', expires - now))
end
return string.format(allowed and '1 %.0f ' or '0 %.0f ', now) .. record
""")


def _record(number: str, width: int, quotas: int, escape: str = "") -> str:
    """Return a record with this in place of each number; brackets mean something in a pattern of Lua."""
    state = f"{escape}[{','.join([number] * width)}{escape}]"
    return f"{escape}[{','.join([state] * quotas)}{escape}]"
