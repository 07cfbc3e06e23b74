"""Data of the types that `ContextTypes` names, over several starts."""

from __future__ import annotations

import dataclasses
import threading
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from telegram.ext import ContextTypes, MessageHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import builder, collect_errors, feed

from botkeep import CorruptDocumentError, DocumentError, SQLiteStorage
from botkeep_ptb import BotkeepPersistence, PickledValues, Values, setup_botkeep


class Plain:
    """As python-telegram-bot's own example has it."""

    def __init__(self) -> None:
        self.n = 0
        self.clicks: defaultdict[int, int] = defaultdict(int)


@dataclasses.dataclass
class Fields:
    n: int = 0
    clicks: dict[int, int] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Slots:
    __slots__ = ("clicks", "n")

    def __init__(self) -> None:
        self.n = 0
        self.clicks: dict[int, int] = {}


class Dict(dict[Any, Any]):
    """A dict of one's own, with methods, say."""


class DictWithAttributes(dict[Any, Any]):
    def __init__(self) -> None:
        super().__init__()
        self.n = 0


class Locked:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.n = 0


def count_attribute(data: Any) -> None:
    data.n += 1
    data.clicks[data.n] = data.clicks.get(data.n, 0) + 1


def count_item(data: Any) -> None:
    data["n"] = data.get("n", 0) + 1


def count_both(data: Any) -> None:
    data.n += 1
    data["n"] = data.n


KINDS: dict[type, tuple[Callable[[Any], None], Callable[[Any], int]]] = {
    Plain: (count_attribute, lambda data: len(data.clicks)),
    Fields: (count_attribute, lambda data: len(data.clicks)),
    Slots: (count_attribute, lambda data: len(data.clicks)),
    Dict: (count_item, lambda data: data["n"]),
    DictWithAttributes: (count_both, lambda data: data["n"] + data.n - 3),
    Counter: (count_item, lambda data: data["n"]),
    dict: (count_item, lambda data: data["n"]),
}


@pytest.mark.parametrize("values", [None, PickledValues()], ids=["plain", "pickled"])
@pytest.mark.parametrize("kind", KINDS)
async def test_data_of_a_type_of_ones_own_comes_back_as_that_type(
    tmp_path: Path, kind: type, values: Values | None
) -> None:
    count, counted = KINDS[kind]

    async def handle(update: Any, context: Any) -> None:
        for data in (context.bot_data, context.chat_data, context.user_data):
            count(data)

    types: Any = ContextTypes(bot_data=kind, chat_data=kind, user_data=kind)
    for _ in range(3):
        storage = SQLiteStorage(tmp_path / "bot.db", durability="normal")
        persistence = BotkeepPersistence(storage, values=values)
        application = setup_botkeep(builder().context_types(types), storage, persistence=persistence).build()
        application.add_handler(MessageHandler(filters.ALL, handle))
        errors = collect_errors(application)
        async with application:
            await feed(application, updates.message("x"))
            assert errors == []

    for data in (application.bot_data, application.chat_data[7], application.user_data[7]):
        assert type(data) is kind
        assert counted(data) == 3


async def test_an_attribute_that_cannot_be_stored_is_an_error_and_the_others_are_stored(
    tmp_path: Path,
) -> None:
    async def handle(update: Any, context: Any) -> None:
        context.bot_data.n += 1

    types: Any = ContextTypes(bot_data=Locked)
    for _ in range(2):
        storage = SQLiteStorage(tmp_path / "bot.db", durability="normal")
        application = setup_botkeep(builder().context_types(types), storage).build()
        application.add_handler(MessageHandler(filters.ALL, handle))
        errors = collect_errors(application)
        async with application:
            await feed(application, updates.message("x"))

    assert {type(error) for error in errors} == {DocumentError}
    assert "bot_data.lock" in str(errors[0])
    assert application.bot_data.n == 2


async def test_who_has_only_what_a_new_object_has_has_no_record(tmp_path: Path) -> None:
    async def handle(update: Any, context: Any) -> None:
        assert context.user_data.n == 0

    storage = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    types: Any = ContextTypes(user_data=Fields)
    application = setup_botkeep(builder().context_types(types), storage).build()
    application.add_handler(MessageHandler(filters.ALL, handle))
    async with application:
        await feed(application, updates.message("x"))
    async with storage:
        assert await storage.namespace("ptb").list_namespaces() == []


async def test_data_of_another_type_is_refused_by_name_and_left_as_it_is(tmp_path: Path) -> None:
    storage = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    async with setup_botkeep(builder(), storage).build() as application:
        application.bot_data["n"] = 1
    types: Any = ContextTypes(bot_data=Fields)
    application = setup_botkeep(builder().context_types(types), storage).build()

    with pytest.raises(CorruptDocumentError, match=r"bot_data.*dict.*ContextTypes names Fields"):
        await application.initialize()
    await application.bot.shutdown()
    async with storage:
        assert await storage.namespace("ptb").namespace("42").get_state("bot_data") == {"n": 1}
