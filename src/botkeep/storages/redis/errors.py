"""What Redis's errors mean for a bot: the one place where the driver's errors become ours.

Error codes are those of the server's replies. In a script, Redis before 7.0 wraps them into a longer text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from redis import exceptions as driver

from botkeep.errors import BotkeepError, CorruptDocumentError, OutcomeUnknownError, StorageUnavailableError

if TYPE_CHECKING:
    from botkeep.storages.redis.commands import Request


class RetryableError(Exception):
    """The request was certainly not carried out, or does no harm twice, and may succeed a little later.

    Attributes:
        reason: for the error, when there is no time left.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RedirectedError(RetryableError):
    """Another server of the Cluster has the key.

    Attributes:
        address: (host, port) of the server to ask once, while it takes over the key; None: the map of the
            Cluster tells, when it is read again.
    """

    def __init__(self, reason: str, address: tuple[str, int] | None) -> None:
        super().__init__(reason)
        self.address = address


class CommandMissingError(driver.ResponseError):
    """The server turned out to lack a command that it was taken to have; there is a script for it."""


_TRIES: Final = 3
"""For what a new connection may cure: it finds the new master, or has a password that is still good."""

_CURED_BY_CONNECTING: Final = ("READONLY", "NOAUTH")

_CODES: Final = re.compile(r"\b(READONLY|OOM|MISCONF|NOREPLICAS|NOPERM|NOAUTH|WRONGTYPE|BUSY)\b")

_CLASSES: Final = {
    driver.ReadOnlyError: "READONLY",
    driver.OutOfMemoryError: "OOM",
    driver.NoPermissionError: "NOPERM",
    driver.AuthenticationError: "NOAUTH",
}

_PASSING: Final = (
    driver.BusyLoadingError,
    driver.ClusterDownError,
    driver.TryAgainError,
    driver.NoScriptError,
)

_ADVICE: Final = {
    "READONLY": "the server is a read-only replica: connect to the master, or through Sentinel",
    "OOM": "the server's memory is full (maxmemory); nothing of this was written",
    "MISCONF": "the server refuses writes because it cannot save to its disk; see its log",
    "NOREPLICAS": "the server refuses writes because too few replicas are connected",
    "NOPERM": "the server's user lacks a right; docs/redis.md lists the commands that are needed",
    "NOAUTH": "the server does not accept the user or the password",
    "BUSY": "the server is busy with somebody's script",
}


def is_reply(error: Exception) -> bool:
    """Whether it is the server's answer to one command, rather than a failure of the connection."""
    return isinstance(
        error, (driver.ResponseError, driver.BusyLoadingError, driver.AuthenticationError)
    ) and not isinstance(error, driver.InvalidResponse)


def needs_new_connection(reply: Exception) -> bool:
    """Whether it is the error of a server that has become a replica, or takes us for a stranger by now."""
    return _code(reply) in _CURED_BY_CONNECTING


def translate_error(cause: Exception, request: Request, *, storage: str, lost: bool, tries: int) -> Exception:
    """Return what a failed request comes to: `RetryableError` if it may be sent again, else an error of ours.

    Args:
        cause: the server's reply, or what happened to the connection.
        request: what was asked.
        storage: which storage, for the error.
        lost: it was sent, and no reply came.
        tries: how often it was sent, or was to be sent, before.
    """
    error: Exception
    if lost and request.writes:
        error = lost_outcome(storage, _text(cause))
    elif isinstance(cause, (driver.MovedError, driver.AskError)):
        error = _redirected(cause)
    elif _may_pass(cause, tries):
        error = RetryableError(_text(cause))
    else:
        error = _final(cause, storage, request.identifier)
    error.__cause__ = cause
    return error


def lost_outcome(storage: str, reason: str) -> OutcomeUnknownError:
    """Return the error for a write that was sent and not answered."""
    return OutcomeUnknownError(storage, f"it was sent, and then: {reason}")


def _redirected(error: driver.AskError) -> RedirectedError:
    # MovedError is a kind of AskError: it holds for good, so the map of the Cluster is read again.
    address = None if isinstance(error, driver.MovedError) else (str(error.host), int(error.port))
    return RedirectedError(f"the Cluster moved the key to {error.host}:{error.port}", address)


def _may_pass(error: Exception, tries: int) -> bool:
    if isinstance(error, CommandMissingError):
        return True
    code = _code(error)
    if code is not None:
        return code == "BUSY" or (code in _CURED_BY_CONNECTING and tries < _TRIES)
    return isinstance(error, _PASSING) or not isinstance(error, driver.ResponseError)


def _final(error: Exception, storage: str, identifier: str) -> BotkeepError:
    if _code(error) == "WRONGTYPE":
        return CorruptDocumentError(
            identifier, "what Redis has there is not a string, so nobody here wrote it"
        )
    return StorageUnavailableError(storage, _text(error))


def _text(error: Exception) -> str:
    advice = _ADVICE.get(_code(error) or "")
    text = str(error) or type(error).__name__
    return text if advice is None else f"{advice} ({text})"


def _code(error: Exception) -> str | None:
    for kind, code in _CLASSES.items():
        if isinstance(error, kind):
            return code
    found = _CODES.search(str(error)) if isinstance(error, driver.ResponseError) else None
    return found and found[1]
