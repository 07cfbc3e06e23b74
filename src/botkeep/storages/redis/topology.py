"""Which server has which key. A Cluster's answer is in `botkeep.storages.redis.cluster`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, TypeAlias, TypeVar

from botkeep._core.compat import override
from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis.commands import PING, delete, delete_all

if TYPE_CHECKING:
    from redis.asyncio import Redis
    from redis.asyncio.connection import AbstractConnection

    from botkeep.storages.redis.commands import Request
    from botkeep.storages.redis.errors import RedirectedError, RetryableError
    from botkeep.storages.redis.pipeline import ServerPipeline

Item = TypeVar("Item")

_BATCH: Final = 250
"""Keys for one script: well under a millisecond of the server's time."""

OpenPipeline: TypeAlias = "Callable[[Callable[[], AbstractConnection]], ServerPipeline]"
"""Makes the pipeline to a server, given what makes the connections to it."""


class Topology(ABC):
    """The servers behind a client, each with its pipeline.

    Attributes:
        check: what shows whether a server is there; the answer "cluster_state:fail" is no as well.
        only: the pipeline to the one server, where there is no other; None: `node_for` tells.
    """

    check: ClassVar[Request]
    only: ServerPipeline | None = None

    async def open(self) -> None:
        """Find the servers."""

    @abstractmethod
    def node_for(self, request: Request) -> ServerPipeline:
        """Return the pipeline to the server that has the request's key."""

    @abstractmethod
    def nodes(self) -> Sequence[ServerPipeline]:
        """Return the pipelines to all servers that hold keys."""

    @abstractmethod
    def pipelines(self) -> Collection[ServerPipeline]:
        """Return all pipelines, also those to servers that hold keys no longer."""

    @abstractmethod
    def redirected(self, error: RedirectedError) -> ServerPipeline | None:
        """Return the pipeline to the server that an answer names for once; None: it names none."""

    async def refresh(self, error: RetryableError) -> None:
        """Find out again who has which key, after an error; never raises."""

    def deletions(self, keys: Sequence[bytes]) -> list[Request]:
        """Return the requests that delete these keys and answer how many there were."""
        return [delete(key, "") for key in keys]

    def batches(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        """Divide what is about one key each into what one script may do at once."""
        return [[item] for item in items]

    @abstractmethod
    async def close(self) -> None:
        """Let calls under way end and hang up."""


class SingleServer(Topology):
    """One server, or the master that Sentinel knows: each new connection asks anew."""

    check = PING

    def __init__(self, client: Redis, open_pipeline: OpenPipeline, *, name: str) -> None:
        self._name = name
        self.only: ServerPipeline = open_pipeline(client.connection_pool.make_connection)

    @override
    def node_for(self, request: Request) -> ServerPipeline:  # noqa: ARG002 # it has every key
        return self.only

    @override
    def nodes(self) -> Sequence[ServerPipeline]:
        return [self.only]

    @override
    def pipelines(self) -> Collection[ServerPipeline]:
        return [self.only]

    @override
    def redirected(self, error: RedirectedError) -> ServerPipeline | None:
        advice = "the server is part of a Redis Cluster: give the storage a redis.asyncio.RedisCluster"
        raise StorageUnavailableError(self._name, advice) from error

    @override
    def deletions(self, keys: Sequence[bytes]) -> list[Request]:
        return [delete_all(keys)] if keys else []

    @override
    def batches(self, items: Sequence[Item]) -> list[Sequence[Item]]:
        return [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]

    @override
    async def close(self) -> None:
        await self.only.close()
