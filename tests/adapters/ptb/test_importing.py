"""What python-telegram-bot's own PicklePersistence has written, read by `botkeep_ptb`."""

from __future__ import annotations

import enum
import pickle
import random
import time
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from telegram import User
from telegram.ext import BasePersistence, PicklePersistence
from tests.adapters.ptb.bots import builder

from botkeep import BaseStorage, MemoryStorage, MigrationError, StorageFormatError
from botkeep_ptb import BotkeepPersistence
from botkeep_ptb.importing import import_documents
from botkeep_ptb.plain_pickle import load

BOT = 42
USER = {
    "name": "Ann",
    5: "a number",
    ("a", 1): {"set": {1}, "frozen": frozenset({2}), "bytes": b"\x00"},
    "when": datetime(2026, 3, 14, tzinfo=timezone(timedelta(hours=1))),
    "price": Decimal("9.50"),
    "looks like a tag": {"@tuple": [1]},
    "nested": [(1, (2, None)), {"$date": "x"}],
    "id": UUID(int=7),
    "truth": [True, False, -1, 2**70, 1.5, "ü" * 300],
}


class Color(enum.Enum):
    RED = 1


class Point(NamedTuple):
    x: int


def nothing() -> str:
    return ""


class Trap:
    """Runs code when it is unpickled by whoever lets it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.mark,)


@pytest.fixture
async def target() -> AsyncIterator[BaseStorage]:
    async with MemoryStorage() as storage:
        yield storage


def served(persistence: BasePersistence[Any, Any, Any]) -> Any:
    persistence.set_bot(builder(BOT).build().bot)
    return persistence


async def write(path: Path, *, single_file: bool = True, **data: Any) -> Path:
    old = served(PicklePersistence(path, single_file=single_file))
    for read in (old.get_user_data, old.get_chat_data, old.get_bot_data, old.get_callback_data):
        await read()
    await old.get_conversations("order")
    await old.update_user_data(7, data.get("user", USER))
    await old.update_user_data(8, {})
    await old.update_chat_data(-100, {"seen": [1]})
    await old.update_bot_data({"started": True})
    await old.update_callback_data(([("id", 1.5, {"b": ("x",)})], {"q": "id"}))
    await old.update_conversation("order", (-100, 7), 2)
    await old.update_conversation("order", (-100, 8), None)
    await old.flush()
    return path


@pytest.mark.parametrize("single_file", [True, False])
async def test_data_and_conversations_are_there_for_the_adapter(
    tmp_path: Path, target: BaseStorage, single_file: bool
) -> None:
    path = await write(tmp_path / "bot.pickle", single_file=single_file)
    result = await import_documents(path, target, bot_id=BOT)

    ours = served(BotkeepPersistence(target))
    assert result.copied == 6
    assert await ours.get_user_data() == {7: USER}
    assert await ours.get_chat_data() == {-100: {"seen": [1]}}
    assert await ours.get_bot_data() == {"started": True}
    assert await ours.get_callback_data() == ([("id", 1.5, {"b": ("x",)})], {"q": "id"})
    assert await ours.get_conversations("order") == {(-100, 7): 2}


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_plain_data_of_any_newer_protocol_is_read(tmp_path: Path, protocol: int) -> None:
    value = {**USER, "again": USER["nested"]}
    (tmp_path / "it").write_bytes(pickle.dumps(value, protocol))

    assert load(tmp_path / "it") == value


ZONE = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 10, 25, 2, 30, tzinfo=ZONE, fold=1),
        datetime(2026, 10, 25, 2, 30, tzinfo=ZONE),
        datetime(2026, 10, 25, 2, 30, fold=1),  # noqa: DTZ001 # without a zone, on purpose
        datetime(2026, 10, 25, tzinfo=timezone(timedelta(hours=1), "MEZ")),
        OrderedDict([("b", 1), ("a", 2)]),
        defaultdict(list, {"a": [1]}),
        Counter("aab"),
        deque([1, 2], maxlen=5),
    ],
    ids=lambda value: type(value).__name__,
)
async def test_types_are_imported_as_what_they_are(tmp_path: Path, target: BaseStorage, value: Any) -> None:
    path = await write(tmp_path / "bot.pickle", user={"it": value})
    await import_documents(path, target, bot_id=BOT)
    found = (await served(BotkeepPersistence(target)).get_user_data())[7]["it"]

    assert found == value
    assert type(found) is type(value)
    if isinstance(value, datetime):
        assert (found.fold, found.tzname(), type(found.tzinfo)) == (
            value.fold,
            value.tzname(),
            type(value.tzinfo),
        )
    if isinstance(value, defaultdict):
        assert found["new"] == []


@pytest.mark.parametrize(
    ("value", "named"),
    [
        (User(7, "Ann", is_bot=False), "User"),
        (Color.RED, "Color"),
        (Path("x"), "Path"),
        (Point(1), "Point"),
        (datetime, "datetime"),
        (defaultdict(nothing), "nothing"),
    ],
)
async def test_an_object_of_another_class_is_named_and_all_else_is_imported(
    tmp_path: Path, target: BaseStorage, value: Any, named: str
) -> None:
    path = await write(tmp_path / "bot.pickle", user={"it": value})

    with pytest.raises(MigrationError, match=rf"'user_data\[7\]'.*object of the class .*{named}") as caught:
        await import_documents(path, target, bot_id=BOT)
    ours = served(BotkeepPersistence(target))
    assert caught.value.keys == ["user_data[7]"]
    assert await ours.get_user_data() == {}
    assert await ours.get_chat_data() == {-100: {"seen": [1]}}


async def test_what_cannot_be_imported_can_be_left_out(tmp_path: Path, target: BaseStorage) -> None:
    path = await write(tmp_path / "bot.pickle", user={"it": Color.RED})
    result = await import_documents(path, target, bot_id=BOT, leave_out=True)

    assert result.left_out == ["user_data[7]"]
    assert result.copied == 5


async def test_no_code_of_a_pickle_runs(tmp_path: Path, target: BaseStorage) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "bot.pickle").write_bytes(pickle.dumps({"user_data": {7: {"it": Trap(mark)}}}))

    with pytest.raises(MigrationError, match=r"object of the class builtins\.getattr|Path"):
        await import_documents(tmp_path / "bot.pickle", target, bot_id=BOT)
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no pickle",
        pickle.dumps([1]),
        pickle.dumps({"user_data": [1]}),
        pickle.dumps({"a": 1}),
        pickle.dumps({"user_data": {}, "callback_data": [1, 2, 3]}),
        pickle.dumps({"user_data": {}, "callback_data": ([1], {})}),
        pickle.dumps({"conversations": {"order": [1]}}),
    ],
)
async def test_a_file_of_something_else_is_refused(
    tmp_path: Path, target: BaseStorage, content: bytes
) -> None:
    (tmp_path / "bot.pickle").write_bytes(content)

    with pytest.raises(StorageFormatError, match=r"bot\.pickle"):
        await import_documents(tmp_path / "bot.pickle", target, bot_id=BOT)


async def test_entries_that_python_telegram_bot_never_writes_are_refused_by_name(
    tmp_path: Path, target: BaseStorage
) -> None:
    odd = {"user_data": {"x": {"a": 1}, 7: {"a": 1}}, "conversations": {"order": {"no tuple": 1}}}
    (tmp_path / "bot.pickle").write_bytes(pickle.dumps(odd))

    with pytest.raises(MigrationError) as caught:
        await import_documents(tmp_path / "bot.pickle", target, bot_id=BOT)
    assert sorted(caught.value.keys) == ["conversations.order['no tuple']", "user_data['x']"]
    assert await served(BotkeepPersistence(target)).get_user_data() == {7: {"a": 1}}


def nested(depth: int, opening: bytes, closing: bytes) -> bytes:
    return b"\x80\x04" + opening * depth + closing * depth + b"."


SHARED = b"]" + b"".join(b"q%c](h%ch%ce" % (at, at, at) for at in range(60))

HOSTILE = {
    "a memo of 34 gigabytes": b"]r\xff\xff\xff\x7f.",
    "bytes of 4 exabytes": b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x3f.",
    "an integer of 2 gigabytes": b"\x80\x02\x8b\xff\xff\xff\x7f.",
    "a frame of 4 exabytes": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x3fN.",
    "lists 100,000 deep": nested(100_000, b"](", b"e"),
    "tuples 100,000 deep": b"\x80\x04)" + b"\x85" * 100_000 + b".",
    "a dict whose key is a tuple 100,000 deep": b"\x80\x04})" + b"\x85" * 100_000 + b"Ns.",
    "two to the power of 60 values": SHARED + b".",
    "a list in itself": b"]q\x00h\x00a.",
    "digits": b"I" + b"9" * 100_000 + b"\n.",
    "a class of a registry": b"\x80\x02\x82\x01.",
    "a buffer from outside": b"\x80\x05\x97.",
    "a call of a number": b"\x80\x04K\x01)R.",
    "state for a number": b"\x80\x04K\x01}b.",
    "nothing on the stack": b"\x80\x040.",
    "more behind a mark than there is": b"\x80\x04N(0.",
    "a name that is no text": b"\x80\x04K\x01K\x02\x93.",
    "a list as a key": b"}]Ns.",
    "a time zone of no place": b"\x80\x04czoneinfo\nZoneInfo\n.",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
async def test_a_hostile_file_is_refused_at_once(tmp_path: Path, target: BaseStorage, content: bytes) -> None:
    (tmp_path / "bot.pickle").write_bytes(content)
    start = time.process_time()

    with pytest.raises(StorageFormatError):
        await import_documents(tmp_path / "bot.pickle", target, bot_id=BOT)
    assert time.process_time() - start < 10


async def test_damaged_bytes_are_an_error_of_ours_and_nothing_else(
    tmp_path: Path, target: BaseStorage
) -> None:
    content = (await write(tmp_path / "bot.pickle")).read_bytes()
    chance = random.Random(20261125)  # the same damage at each run
    refused = 0
    for _ in range(1500):
        damaged = bytearray(content)
        for _ in range(chance.randint(1, 4)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        (tmp_path / "damaged").write_bytes(damaged[: chance.randint(1, len(damaged))])
        try:
            await import_documents(tmp_path / "damaged", MemoryStorage(), bot_id=BOT)
        except (StorageFormatError, MigrationError):
            refused += 1

    assert refused > 1000
