"""Which server has which key. A Cluster's answer is in `botkeep.storages.redis.cluster`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

from botkeep._core.compat import override
from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis.commands import delete, delete_all, ping

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.commands import Command
    from botkeep.storages.redis.errors import Redirected, Refused
    from botkeep.storages.redis.pipeline import Lane

Item = TypeVar("Item")

_BATCH: Final = 250
"""Keys for one script: well under a millisecond of the server's time."""

OpenLane: TypeAlias = "Callable[[Callable[[], AbstractConnection]], Lane]"
"""Makes the lane to a server, given what makes the connections to it."""


class Servers(ABC):
    """The servers behind a client, each with its lane."""

    async def open(self) -> None:
        """Find the servers."""

    @abstractmethod
    def lane_of(self, command: Command) -> Lane:
        """Return the lane to the server that has to carry out the command."""

    @abstractmethod
    def lanes(self) -> Sequence[Lane]:
        """Return the lanes to all servers that hold keys."""

    @abstractmethod
    def redirect(self, command: Command, redirected: Redirected) -> None:
        """Note where a server has sent a command."""

    async def learn(self, refusal: Refused) -> None:
        """Look again who has which key, after a refusal; never raises."""

    @abstractmethod
    def check(self, lane: Lane) -> Command:
        """Return a command that shows whether a server is there; "cluster_state:fail" is no as well."""

    def deletions(self, keys: Sequence[bytes]) -> list[Command]:
        """Return the commands that delete these keys and answer how many there were."""
        return [delete(key, "") for key in keys]

    def batches(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """Divide what is about one key each into what one script may do at once."""
        return [[item] for item in items]

    @abstractmethod
    async def close(self) -> None:
        """Let calls under way end and hang up."""


class SingleServer(Servers):
    """One server, or the master that Sentinel knows: each new connection asks anew."""

    def __init__(self, client: Redis, open_lane: OpenLane, *, name: str) -> None:
        self._name = name
        self._lane = open_lane(client.connection_pool.make_connection)

    @override
    def lane_of(self, command: Command) -> Lane:  # noqa: ARG002 # it has every key
        return self._lane

    @override
    def lanes(self) -> Sequence[Lane]:
        return [self._lane]

    @override
    def redirect(self, command: Command, redirected: Redirected) -> None:  # noqa: ARG002 # there is no other
        advice = "the server is part of a Redis Cluster: give the storage a redis.asyncio.RedisCluster"
        raise StorageUnavailableError(self._name, advice) from redirected

    @override
    def check(self, lane: Lane) -> Command:
        return ping(lane)

    @override
    def deletions(self, keys: Sequence[bytes]) -> list[Command]:
        return [delete_all(keys, self._lane)] if keys else []

    @override
    def batches(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        return [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]

    @override
    async def close(self) -> None:
        await self._lane.close()
