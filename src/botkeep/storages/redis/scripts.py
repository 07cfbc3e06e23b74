"""The steps that Redis takes as one, in Lua (redis.io/docs/latest/develop/programmability/eval-intro).

Each takes one key, so that it runs on a Cluster too, and makes its changes only after all that can fail. The
last argument of those that store a document is the time to live: milliseconds, or "" for ever. The two for
many documents take many keys where there is one server only.
"""

from __future__ import annotations

import hashlib
from typing import Final


class Script:
    """A script as EVAL and EVALSHA want it.

    Attributes:
        text: its source.
        digest: the SHA-1 by which the server knows it, once it has seen the text.
    """

    def __init__(self, text: str) -> None:
        self.text: bytes = text.strip().encode()
        self.digest: bytes = hashlib.sha1(self.text).hexdigest().encode()  # noqa: S324 # the protocol's choice


KEEP: Final = b"keep"
RENEW: Final = b"renew"
"""Whether a document that is there keeps its expiry."""

_PUT: Final = """
local function put(value, keeping, milliseconds)
  if keeping then
    redis.call('SET', KEYS[1], value, 'KEEPTTL')
  elseif milliseconds == '' then
    redis.call('SET', KEYS[1], value)
  else
    redis.call('SET', KEYS[1], value, 'PX', milliseconds)
  end
end
"""

PUT_KEEPING: Final = Script(f"""{_PUT}
put(ARGV[1], redis.call('EXISTS', KEYS[1]) == 1, ARGV[2])
return 1
""")
"""Arguments: value, milliseconds for a new document; one that is there keeps its own expiry."""

ADD: Final = Script(f"""{_PUT}
local found = redis.call('GET', KEYS[1])
if found then
  return found
end
put(ARGV[1], false, ARGV[2])
return 1
""")
"""Arguments: value, milliseconds. The answer is 1, or what was found there."""

COMPARE_AND_SET: Final = Script(f"""{_PUT}
local found = redis.call('GET', KEYS[1])
if found ~= ARGV[3] then
  return found
end
put(ARGV[1], ARGV[2] == 'keep', ARGV[4])
return 1
""")
"""Arguments: value, "keep" or "renew", what is expected, milliseconds.

The answer is 1, or what was found instead.
"""

COMPARE_AND_DELETE: Final = Script("""
local found = redis.call('GET', KEYS[1])
if found ~= ARGV[1] then
  return found
end
redis.call('UNLINK', KEYS[1])
return 1
""")
"""Arguments: what is expected. The answer is 1, or what was found instead."""

DELETE_IF_EQUAL: Final = Script("""
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
return redis.call('UNLINK', KEYS[1])
""")
"""Arguments: what is expected. The answer is whether it was there."""

INCREMENT: Final = Script("""
local found = redis.call('GET', KEYS[1])
if found and found ~= '0' and not string.find(found, '^-?[1-9]%d*$') then
  return {found}
end
local sum = redis.pcall('INCRBY', KEYS[1], ARGV[1])
if type(sum) == 'table' and sum.err then
  if string.find(sum.err, 'overflow') or string.find(sum.err, 'not an integer') then
    return {found}
  end
  return sum
end
if not found or ARGV[2] == 'renew' then
  if ARGV[3] ~= '' then
    redis.call('PEXPIRE', KEYS[1], ARGV[3])
  elseif found then
    redis.call('PERSIST', KEYS[1])
  end
end
return redis.call('GET', KEYS[1])
""")
"""Arguments: amount, "keep" or "renew", milliseconds.

The answer is the total as text, because Lua's numbers end at 53 bits; or a list of what was found, when that
is not an integer as INCRBY wants it, or the total would not be.
"""

PERSIST: Final = Script("""
if redis.call('EXISTS', KEYS[1]) == 0 then
  return 0
end
redis.call('PERSIST', KEYS[1])
return 1
""")
"""The answer is whether there was a document; PERSIST alone tells only whether it had an expiry."""

GET_MANY: Final = Script("""
local found, left = {}, {}
for at, key in ipairs(KEYS) do
  local value = redis.pcall('GET', key)
  found[at] = type(value) == 'string' and value
  left[at] = redis.call('PTTL', key)
end
found[#KEYS + 1] = table.concat(left, ' ')
return found
""")
"""The answer is the values, and PTTL's answers in one text: that is half the replies to read.

What is no string comes back as nothing, though with a time to live.
"""

ADD_MANY: Final = Script("""
local added = {}
for at, key in ipairs(KEYS) do
  local value, milliseconds = ARGV[2 * at - 1], ARGV[2 * at]
  local done
  if milliseconds == '' then
    done = redis.call('SET', key, value, 'NX')
  else
    done = redis.call('SET', key, value, 'PX', milliseconds, 'NX')
  end
  added[at] = done and '1' or '0'
end
return table.concat(added)
""")
"""Arguments: a value and milliseconds for each key. The answer is a "1" for each key that was absent."""

NOW: Final = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""
"""Lua: the server's time, in milliseconds since the epoch."""

GET_AT: Final = Script(f"""{NOW}
return string.format('%.0f ', now) .. (redis.call('GET', KEYS[1]) or '')
""")
"""The answer is the server's time in milliseconds, a space, and the value; nothing behind it when absent."""
