"""The way to one server: its connection, and the calls that queue up for the next trip."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from botkeep._core.batching import Coalescer, in_a_task
from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis.commands import UNANSWERED
from botkeep.storages.redis.connection import Connection
from botkeep.storages.redis.deadlines import Deadlines
from botkeep.storages.redis.errors import Refused, judged, lost_outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.commands import Command
    from botkeep.ttl import Clock

_BATCH: Final = 256
"""Commands in one trip at most: enough for its costs to vanish, few enough for the server to stay quick."""


class Lane:
    """A queue in front of a `Connection`.

    Args:
        make: returns redis-py's connection, not yet connected.
        name: the storage's name, for errors.
        clock: the storage's clock.
        seconds: how long a call waits.

    Attributes:
        recovery: the pause after trouble that calls wait for; None: there is none.
    """

    def __init__(
        self, make: Callable[[], AbstractConnection], *, name: str, clock: Clock, seconds: float
    ) -> None:
        self.recovery: asyncio.Task[None] | None = None
        self._name = name
        self._seconds = seconds
        self._connection = Connection(make, clock=clock, seconds=seconds)
        self._coalescer: Coalescer[Command] = Coalescer(in_a_task(self._trip), name=name, limit=_BATCH)
        self._deadlines = Deadlines(self._late_outcome)

    @property
    def generation(self) -> int:
        """Grows with each new connection."""
        return self._connection.generation

    def submit(self, command: Command) -> asyncio.Future[Any]:
        """Queue a command; the future brings the reply, an error of ours, or `Refused`."""
        future = self._coalescer.submit(command)
        self._deadlines.watch(command, future)
        return future

    def late(self, command: Command) -> StorageUnavailableError:
        """Return the error for a command that was not answered in time."""
        gave_up = f"gave up after {self._seconds:g} s"
        if command.sent and command.writes:
            return lost_outcome(self._name, f"no answer; {gave_up}")
        return StorageUnavailableError(self._name, f"{command.trouble}; {gave_up}")

    async def close(self) -> None:
        """Let calls under way end and hang up."""
        await self._coalescer.drain()
        self._deadlines.cancel()
        await self._connection.close()

    async def _trip(self, commands: Sequence[Command]) -> list[Any]:
        await self._connection.exchange(commands)
        return [
            self._judged(command) if isinstance(command.reply, Exception) else command.reply
            for command in commands
        ]

    def _late_outcome(self, command: Command) -> Any:
        # The trip may hang at a later reply of the batch.
        answered = command.reply is not UNANSWERED and not isinstance(command.reply, Exception)
        return command.reply if answered else self.late(command)

    def _judged(self, command: Command) -> Exception:
        verdict = judged(
            command.reply,
            storage=self._name,
            identifier=command.identifier,
            writes=command.writes,
            tries=command.tries,
        )
        if isinstance(verdict, Refused):
            command.tries += 1
            command.sent, command.reply = False, UNANSWERED
            command.trouble = verdict.reason
        return verdict
