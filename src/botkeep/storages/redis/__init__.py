"""Documents in Redis or Valkey. Needs the extra ``botkeep[redis]``."""

from __future__ import annotations

from botkeep.storages.redis.eviction import EvictionWarning
from botkeep.storages.redis.storage import RedisStorage

__all__ = ["EvictionWarning", "RedisStorage"]
