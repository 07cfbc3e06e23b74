"""What python-telegram-bot's own PicklePersistence has written, read by `botkeep_ptb`."""

from __future__ import annotations

import enum
import pickle
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from telegram import User
from telegram.ext import BasePersistence, PicklePersistence
from tests.adapters.ptb.bots import builder

from botkeep import BaseStorage, MigrationError, StorageFormatError
from botkeep.importers import python_telegram_bot
from botkeep.importers._telegram_values import pack
from botkeep_ptb import BotkeepPersistence, PlainValues

BOT = 42
USER = {
    "name": "Ann",
    5: "a number",
    ("a", 1): {"set": {1}, "frozen": frozenset({2}), "bytes": b"\x00"},
    "when": datetime(2026, 3, 14, tzinfo=timezone(timedelta(hours=1))),
    "price": Decimal("9.50"),
    "looks like a tag": {"@tuple": [1]},
    "nested": [(1, (2, None)), {"$date": "x"}],
}


class Color(enum.Enum):
    RED = 1


class Trap:
    """Runs code when it is unpickled by whoever lets it."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.mark,)


def served(persistence: BasePersistence[Any, Any, Any]) -> Any:
    persistence.set_bot(builder(BOT).build().bot)
    return persistence


async def write(path: Path, *, single_file: bool = True, **data: Any) -> Path:
    old = served(PicklePersistence(path, single_file=single_file))
    for load in (old.get_user_data, old.get_chat_data, old.get_bot_data, old.get_callback_data):
        await load()
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
    result = await python_telegram_bot.import_documents(path, target, bot_id=BOT)

    ours = served(BotkeepPersistence(target))
    assert result.copied == 5
    assert await ours.get_user_data() == {7: USER}
    assert await ours.get_chat_data() == {-100: {"seen": [1]}}
    assert await ours.get_bot_data() == {"started": True}
    assert await ours.get_callback_data() == ([("id", 1.5, {"b": ("x",)})], {"q": "id"})
    assert await ours.get_conversations("order") == {(-100, 7): 2}


@pytest.mark.parametrize("value", [USER, [1, (2,)], {"@x": 1}, {}, set(), None, {True: 1}])
def test_values_are_packed_as_the_adapter_packs_them(value: Any) -> None:
    assert pack(value) == PlainValues().pack(value)


@pytest.mark.parametrize(
    ("value", "named"), [(User(7, "Ann", is_bot=False), "User"), (Color.RED, "Color"), (Path("x"), "Path")]
)
async def test_an_object_of_another_class_is_named_and_nothing_is_imported(
    tmp_path: Path, target: BaseStorage, value: Any, named: str
) -> None:
    path = await write(tmp_path / "bot.pickle", user={"it": value})

    with pytest.raises(MigrationError, match=rf"object of the class \S*{named}.*nothing was imported"):
        await python_telegram_bot.import_documents(path, target, bot_id=BOT)
    assert await target._namespaces() in (set(), [], {""})


async def test_no_code_of_a_pickle_runs(tmp_path: Path, target: BaseStorage) -> None:
    mark = tmp_path / "mark"
    (tmp_path / "bot.pickle").write_bytes(pickle.dumps({"user_data": {7: {"it": Trap(mark)}}}))

    with pytest.raises(MigrationError, match="nothing was imported"):
        await python_telegram_bot.import_documents(tmp_path / "bot.pickle", target, bot_id=BOT)
    assert not mark.exists()


@pytest.mark.parametrize(
    "content",
    [b"", b"no pickle", pickle.dumps([1]), pickle.dumps({"user_data": [1]}), pickle.dumps({"a": 1})],
)
async def test_a_file_of_something_else_is_refused(
    tmp_path: Path, target: BaseStorage, content: bytes
) -> None:
    (tmp_path / "bot.pickle").write_bytes(content)

    with pytest.raises(StorageFormatError, match=r"bot\.pickle"):
        await python_telegram_bot.import_documents(tmp_path / "bot.pickle", target, bot_id=BOT)
