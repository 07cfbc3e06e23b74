"""What becomes of hits while the storage fails: a database that another process keeps locked."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from botkeep import MemoryStorage, SQLiteStorage, StorageClosedError, StorageUnavailableError
from botkeep.errors import CorruptDocumentError
from botkeep.ratelimit import RateLimiter
from botkeep.testing import FakeClock


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "limits.db"


@pytest.fixture
async def storage(path: Path, clock: FakeClock) -> AsyncIterator[SQLiteStorage]:
    async with SQLiteStorage(path, timeout=0.02, clock=clock) as storage:
        yield storage


@contextmanager
def locked(path: Path) -> Iterator[None]:
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    yield
    other.execute("ROLLBACK")
    other.close()


async def test_allow_lets_hits_pass_uncounted(storage: SQLiteStorage, path: Path) -> None:
    limiter = RateLimiter(storage, "2/minute", on_unavailable="allow")
    with locked(path):
        verdicts = [await limiter.hit("alice") for _ in range(3)]

    assert all(verdict.allowed and verdict.degraded for verdict in verdicts)
    assert (await limiter.peek("alice")).remaining == 2


async def test_deny_lets_none_pass_and_says_when_to_ask_again(
    storage: SQLiteStorage, path: Path, clock: FakeClock
) -> None:
    limiter = RateLimiter(storage, "2/minute", on_unavailable="deny")
    with locked(path):
        verdict = await limiter.hit("alice")

    assert not verdict
    assert verdict.degraded
    assert (verdict.remaining, verdict.retry_after, verdict.reset_at) == (0, 1.0, clock() + 1.0)


async def test_raise_raises_what_the_storage_raised(storage: SQLiteStorage, path: Path) -> None:
    limiter = RateLimiter(storage, "2/minute", on_unavailable="raise")

    with locked(path), pytest.raises(StorageUnavailableError):
        await limiter.hit("alice")


async def test_a_failure_and_the_recovery_are_logged_once_each(
    storage: SQLiteStorage, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "botkeep.ratelimit")
    limiter = RateLimiter(storage, "9/minute")
    for _ in range(2):
        with locked(path):
            for _ in range(3):
                await limiter.hit("alice")
        for _ in range(3):
            assert not (await limiter.hit("alice")).degraded

    failed, counts, *again = [record.getMessage() for record in caplog.records]
    assert "cannot count" in failed
    assert "'allow'" in failed
    assert "locked" in failed
    assert "counts again" in counts
    assert again == [failed, counts]


@pytest.mark.parametrize(
    "record",
    [5, "text", [], [[1]], [[1, 2, 3]], [[1, 2], [3, 4]], [["a", "b"]], [[1.0, 2.0]], [None], [[True, 1]]],
)
async def test_a_record_of_something_else_is_a_failure_and_is_left_alone(
    record: object, clock: FakeClock
) -> None:
    async with MemoryStorage(clock=clock) as storage:
        inside = storage.namespace("ratelimit").namespace("fixed-2-per-60s")
        await inside.set_state("alice", record)

        assert (await RateLimiter(storage, "2/minute").hit("alice")).degraded
        with pytest.raises(CorruptDocumentError, match="alice"):
            await RateLimiter(storage, "2/minute", on_unavailable="raise").hit("alice")
        assert await inside.get_state("alice") == record


async def test_a_stopped_storage_is_a_mistake_and_raises_whatever_the_policy(storage: SQLiteStorage) -> None:
    limiter = RateLimiter(storage, "2/minute", on_unavailable="allow")
    await storage.stop()

    with pytest.raises(StorageClosedError):
        await limiter.hit("alice")
