"""kurigram-addons' and aiogram's storages on Redis, and redis-py without a storage around it."""

from __future__ import annotations

from typing import Any, Final

import orjson
from aiogram.fsm.storage.base import DefaultKeyBuilder, StorageKey
from aiogram.fsm.storage.redis import RedisStorage
from kurigram_addons import RedisStorage as KurigramStorage  # type: ignore[import-untyped] # it ships no types
from redis.asyncio import Redis

KURIGRAM: Final = "kurigram-addons"
AIOGRAM: Final = "aiogram"
BARE: Final = "bare redis-py"


def kurigram(client: Redis) -> Any:
    """Return kurigram-addons' storage."""
    return KurigramStorage(client, prefix="kurigram")


class Aiogram:
    """aiogram's storage, called with our identifiers; each becomes the key of a user."""

    def __init__(self, client: Redis) -> None:
        self._storage = RedisStorage(client, key_builder=DefaultKeyBuilder(prefix="aiogram"))
        self._keys: dict[str, StorageKey] = {}

    def _key(self, identifier: str) -> StorageKey:
        if identifier not in self._keys:
            _, bot, chat, user = identifier.split(":")
            self._keys[identifier] = StorageKey(bot_id=int(bot), chat_id=int(chat), user_id=int(user))
        return self._keys[identifier]

    async def set_state(self, identifier: str, document: dict[str, Any]) -> None:
        await self._storage.set_data(self._key(identifier), document)

    async def get_state(self, identifier: str) -> dict[str, Any]:
        return await self._storage.get_data(self._key(identifier))


class Bare:
    """One command a call, with orjson."""

    def __init__(self, client: Redis) -> None:
        self._client = client

    async def set_state(self, identifier: str, document: dict[str, Any]) -> None:
        await self._client.set(identifier, orjson.dumps(document))

    async def get_state(self, identifier: str) -> Any:
        found = await self._client.get(identifier)
        return None if found is None else orjson.loads(found)

    async def increment(self, identifier: str) -> int:
        total: int = await self._client.incr(identifier)
        return total
