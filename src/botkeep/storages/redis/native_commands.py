"""Commands that do what a script does, at a fraction of the server's time, on the servers that have them.

``SET ... NX GET`` came with Redis 7.0, ``SET ... IFEQ`` with Valkey 8.1 and ``DELIFEQ`` with Valkey 9.0
(valkey.io/commands). Which of them a server has is asked once for each connection: after a failover or an
upgrade it may be another server, and those of a Cluster need not be alike.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

from redis.exceptions import ResponseError

from botkeep.storages.redis import scripts
from botkeep.storages.redis.errors import CommandMissingError, is_reply

if TYPE_CHECKING:
    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.pipeline import PendingCall
    from botkeep.storages.redis.scripts import Script

Words: TypeAlias = "Sequence[bytes]"

_VERSION: Final = re.compile(r"(\d+)\.(\d+)")

_MISSING: Final = re.compile(r"syntax error|unknown command|NOPERM|no permissions", re.IGNORECASE)
"""The errors of a server, or of something between it and us, that does not let the command through."""


class NativeCommand(NamedTuple):
    """A command in place of a script.

    Attributes:
        since: the first version that has it, of each kind of server as it calls itself.
        words_of: makes the command of the script's arguments.
        answer_of: makes the script's answer of the script's arguments and the command's reply.
    """

    since: Mapping[str, tuple[int, int]]
    words_of: Callable[[Words], Words]
    answer_of: Callable[[Words, Any], Any]


def _add(arguments: Words) -> Words:
    _, key, value, milliseconds = arguments
    return (b"SET", key, value, b"NX", b"GET", *_expiry(milliseconds))


def _compare_and_set(arguments: Words) -> Words:
    _, key, value, keeping, expected, milliseconds = arguments
    expiry = (b"KEEPTTL",) if keeping == scripts.KEEP else _expiry(milliseconds)
    return (b"SET", key, value, b"IFEQ", expected, b"GET", *expiry)


def _delete_if_equal(arguments: Words) -> Words:
    _, key, expected = arguments
    return (b"DELIFEQ", key, expected)


def _expiry(milliseconds: bytes) -> Words:
    return (b"PX", milliseconds) if milliseconds else ()


NATIVE_COMMANDS: Final[Mapping[Script, NativeCommand]] = {
    scripts.ADD: NativeCommand(
        {"redis": (7, 0), "valkey": (7, 2)}, _add, lambda _, found: 1 if found is None else found
    ),
    scripts.COMPARE_AND_SET: NativeCommand(
        {"valkey": (8, 1)},
        _compare_and_set,
        lambda arguments, found: 1 if found == arguments[4] else found,
    ),
    scripts.DELETE_IF_EQUAL: NativeCommand({"valkey": (9, 0)}, _delete_if_equal, lambda _, done: done),
}


class NativeReply:
    """Waits for a command's reply, and hands on what the script would have answered.

    Args:
        call: the one that asked for the script.
        script: that script.
        arguments: of the script.
        natives: what the connection's server has; if it turns out to lack this one, it is taken out.
    """

    __slots__ = ("_arguments", "_call", "_natives", "_script")

    def __init__(
        self, call: PendingCall, script: Script, arguments: Words, natives: dict[Script, NativeCommand]
    ) -> None:
        self._call = call
        self._script = script
        self._arguments = arguments
        self._natives = natives

    @property
    def reply(self) -> Any:
        """The script's answer, or the server's error."""
        return self._call.reply

    @reply.setter
    def reply(self, reply: Any) -> None:
        if not isinstance(reply, Exception):
            reply = NATIVE_COMMANDS[self._script].answer_of(self._arguments, reply)
        elif isinstance(reply, ResponseError) and _MISSING.search(str(reply)):
            self._natives.pop(self._script, None)
            reply = CommandMissingError(str(reply))
        self._call.reply = reply


async def native_commands_of(connection: AbstractConnection) -> dict[Script, NativeCommand]:
    """Ask the server at the other end what it is, and return what it has of these commands."""
    await connection.send_command("HELLO", check_health=False)
    try:
        reply = await connection.read_response(disable_decoding=True, disconnect_on_error=False)
    except Exception as exc:
        if not is_reply(exc):
            raise
        return {}
    server, version = _server_and_version(reply)
    return {
        script: command
        for script, command in NATIVE_COMMANDS.items()
        if version >= command.since.get(server, (version[0] + 1, 0))
    }


def _server_and_version(reply: Any) -> tuple[str, tuple[int, int]]:
    """Read HELLO's reply: a map, which RESP2 has as a flat list."""
    fields: Mapping[Any, Any] = reply if isinstance(reply, Mapping) else dict(_pairs(reply))
    server, version = fields.get(b"server", b""), fields.get(b"version", b"")
    numbers = _VERSION.match(version.decode())
    return server.decode(), (int(numbers[1]), int(numbers[2])) if numbers else (0, 0)


def _pairs(items: Sequence[Any]) -> Iterable[tuple[Any, Any]]:
    return zip(items[::2], items[1::2], strict=True)
