"""Documents in Redis or Valkey. Needs the extra ``holdfast[redis]``."""

from __future__ import annotations

from holdfast.storages.redis.eviction import EvictionWarning
from holdfast.storages.redis.storage import RedisStorage

__all__ = ["EvictionWarning", "RedisStorage"]
