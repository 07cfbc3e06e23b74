"""The table of docs/documents.md: each type through each store. It is written by running this file.

    python -m tests.test_documents_table

An adapter adds its column in `stores`: a name, and a function that stores a value and gives what it reads.
"""

from __future__ import annotations

import asyncio
import enum
import re
import tempfile
from collections import Counter, OrderedDict, defaultdict, deque, namedtuple
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec
import pydantic
import pytest
from tests.servers.redis_server import RedisServer

from botkeep import BaseStorage, DocumentError, FileStorage, MemoryStorage, RedisStorage, SQLiteStorage
from botkeep.objects import FolderBackups, StatefulObject

PAGE = Path(__file__).parent.parent / "docs" / "documents.md"
BEGIN, END = "<!-- types: begin -->\n", "<!-- types: end -->\n"

RoundTrip = Callable[[Any], Awaitable[Any]]


class Size(enum.Enum):
    LARGE = "large"


class Priority(enum.IntEnum):
    HIGH = 3


class Text(str):
    __slots__ = ()


class Number(int):
    __slots__ = ()


class Real(float):
    __slots__ = ()


class Names(dict[str, int]):
    pass


class Items(list[int]):
    pass


@dataclass
class Item:
    name: str


class Struct(msgspec.Struct):
    name: str


class Model(pydantic.BaseModel):
    name: str


Point = namedtuple("Point", ["x", "y"])  # noqa: PYI024 # the untyped kind is stored too

BERLIN = ZoneInfo("Europe/Berlin")

TYPES: dict[str, Any] = {
    "`None`, `bool`, `str`": [None, True, "größer"],
    "`int` of any size": [0, 2**70, -(2**63) - 1],
    "finite `float`": [9.0, -0.0, 0.1],
    "`list`, `dict` with string keys": {"a": [1, {"b": []}]},
    "`datetime`, also with an offset or a `ZoneInfo`, with its `fold`": [
        datetime(2026, 11, 21, 9, fold=1),  # noqa: DTZ001 # a naive one, on purpose
        datetime(2026, 11, 21, 9, tzinfo=timezone.utc),
        datetime(2026, 10, 25, 2, 30, tzinfo=BERLIN, fold=1),
    ],
    "`date`": date(2026, 11, 21),
    "`time`, also with an offset or a `ZoneInfo`": [
        time(9),
        time(9, tzinfo=timezone.utc),
        time(9, tzinfo=BERLIN),
    ],
    "`timedelta`": timedelta(days=-1, microseconds=5),
    "`set`, `frozenset`, also of tuples": [{1, "a"}, frozenset({(1, 2)})],
    "`bytes`": b"\x00\xff",
    "`UUID`": UUID(int=5),
    "finite `Decimal`": Decimal("9.90"),
    "`tuple`": (1, 2),
    "`namedtuple`": Point(1, 2),
    "`Enum` member": Size.LARGE,
    "`IntEnum` member": Priority.HIGH,
    "`OrderedDict`, other subclass of `dict`": OrderedDict(a=1),
    "subclass of `list`": Items([1]),
    "subclass of `str`": Text("a"),
    "subclass of `int`": Number(5),
    "subclass of `float`": Real(1.5),
    "dataclass": Item("pizza"),
    "msgspec `Struct`": Struct("pizza"),
    "pydantic model": Model(name="pizza"),
    "`dict` with keys that are no strings": {1: "a"},
    "`defaultdict`": defaultdict(int, a=1),
    "`Counter`": Counter("a"),
    "NaN, infinity": float("nan"),
    "`Decimal` NaN": Decimal("NaN"),
    "`bytearray`": bytearray(b"a"),
    "`memoryview`": memoryview(b"a"),
    "`complex`": 1j,
    "`range`": range(3),
    "`deque`": deque([1]),
    "`Fraction`": Fraction(1, 2),
    "`Path`": PurePosixPath("a"),
    "generator, function, class, any other object": object(),
}

ALIKE: dict[str, list[Any]] = {"`OrderedDict`, other subclass of `dict`": [Names(a=1)]}
"""More values that a row stands for, with the same outcome."""


def storage_store(storage: BaseStorage) -> RoundTrip:
    async def round_trip(value: Any) -> Any:
        await storage.set_state("type", {"value": value})
        return (await storage.get_state("type"))["value"]

    return round_trip


def object_store(folder: Path) -> RoundTrip:
    async def round_trip(value: Any) -> Any:
        state = StatefulObject(folder / "state.json")
        state.value = value  # type: ignore[attr-defined] # any attribute is state
        await state.save()
        return vars(StatefulObject(folder / "state.json"))["value"]

    return round_trip


class Kept:
    needs_backup = True

    def __init__(self, value: Any = None) -> None:
        self.value = value

    def backup(self) -> dict[str, Any]:
        return {"value": self.value}

    def restore(self, data: dict[str, Any]) -> None:
        self.value = data["value"]


def backup_store(folder: Path) -> RoundTrip:
    async def round_trip(value: Any) -> Any:
        backups = FolderBackups(folder)
        backups.register(Kept(value), "kept").value = value
        # What an export refuses is refused with its own error; the cycle would log it.
        backups.export_all()
        await backups.backup_all()
        return FolderBackups(folder).register(Kept(), "kept").value

    return round_trip


@asynccontextmanager
async def stores(folder: Path, redis_url: str) -> AsyncIterator[Mapping[str, Mapping[str, RoundTrip]]]:
    """Yield the round trips by column; those of one column have to agree."""
    memory, sqlite = MemoryStorage(), SQLiteStorage(folder / "bot.db")
    file, redis = FileStorage(folder / "bot.json"), RedisStorage.from_url(redis_url, prefix=f"{folder.name}:")
    async with memory, sqlite, file, redis:
        yield {
            "a storage": {repr(each): storage_store(each) for each in (memory, sqlite, file, redis)},
            "`StatefulObject`, `FolderBackups`": {
                "StatefulObject": object_store(folder),
                "FolderBackups": backup_store(folder / "backups"),
            },
            # Adapters: a column of their own here, a function of the value as above.
        }


def spelt(value: Any) -> Any:
    """The value with its types spelt out."""
    if isinstance(value, (set, frozenset)):
        return type(value), sorted(map(repr, value))
    if type(value) is list:
        return [spelt(item) for item in value]
    return type(value), repr(value)


async def outcome(round_trip: RoundTrip, value: Any) -> str:
    try:
        found = await round_trip(value)
    except DocumentError:
        return "refused"
    if spelt(found) == spelt(value):
        return "as it was"
    return f"`{found!r}`"


async def table(folder: Path, redis_url: str) -> str:
    async with stores(folder, redis_url) as columns:
        lines = [
            "| stored | " + " | ".join(f"from {name}" for name in columns) + " |",
            "|---" * (len(columns) + 1) + "|",
        ]
        for label, value in TYPES.items():
            cells = [await _agreed(label, trips, value) for trips in columns.values()]
            lines.append(f"| {label} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


async def _agreed(label: str, trips: Mapping[str, RoundTrip], value: Any) -> str:
    cells = {name: await outcome(trip, value) for name, trip in trips.items()}
    assert len(set(cells.values())) == 1, f"{label}: {cells}"
    for alike in ALIKE.get(label, []):
        for name, trip in trips.items():
            assert await outcome(trip, alike) == cells[name]
    return next(iter(cells.values()))


async def test_the_page_says_as_what_each_type_comes_back(
    tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    expected = await table(tmp_path, request.getfixturevalue("redis_server").url)

    page = PAGE.read_text(encoding="utf-8")

    assert page.partition(BEGIN)[2].partition(END)[0] == expected


def main() -> None:
    """Write the table into the page."""
    with tempfile.TemporaryDirectory() as name:
        redis, stored = Path(name, "redis"), Path(name, "stored")
        redis.mkdir()
        stored.mkdir()
        with RedisServer(redis) as server:
            written = asyncio.run(table(stored, server.url))
    page = PAGE.read_text(encoding="utf-8")
    page = re.sub(f"({BEGIN}).*({END})", lambda found: found[1] + written + found[2], page, flags=re.DOTALL)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main()
