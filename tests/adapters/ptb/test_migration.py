"""A group becomes a supergroup: what is kept of it moves along, whichever handlers the bot has."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import Update
from telegram.ext import CommandHandler, ConversationHandler, MessageHandler, TypeHandler, filters
from tests.adapters.botapi import updates
from tests.adapters.ptb import payloads
from tests.adapters.ptb.bots import collect_errors, feed, new_application

from botkeep import (
    BaseStorage,
    FSMContext,
    MemoryStorage,
    SQLiteStorage,
    StateKey,
    StorageUnavailableError,
)
from botkeep.testing.storage_faults import FaultyEngine
from botkeep_ptb import fsm_context

OLD, NEW = -5, -1005


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


def bot(storage: BaseStorage, log: list[str], *, by_hand: bool) -> Any:
    async def begin(update: Any, context: Any) -> int:
        context.chat_data["topic"] = update.message.text
        await fsm_context(storage, update).update_data(size="large")
        return 1

    async def go_on(update: Any, context: Any) -> int:
        log.append(update.message.text)
        return 1

    async def migrate(update: Any, context: Any) -> None:
        context.chat_data.get("topic")
        context.application.migrate_chat_data(update.message)

    application = new_application(storage)
    starts: Any = [CommandHandler("start", begin)]
    states: Any = {1: [MessageHandler(filters.TEXT, go_on)]}
    application.add_handler(ConversationHandler(starts, states, [], name="c", persistent=True))
    if by_hand:
        application.add_handler(MessageHandler(filters.StatusUpdate.MIGRATE, migrate), group=1)
    return application


@pytest.mark.parametrize("by_hand", [False, True])
@pytest.mark.parametrize("first", [payloads.migrated_to, payloads.migrated_from])
async def test_data_conversations_and_dialogues_move_along_once(
    storage: BaseStorage, by_hand: bool, first: Any
) -> None:
    log: list[str] = []
    second = payloads.migrated_to if first is payloads.migrated_from else payloads.migrated_from
    async with bot(storage, log, by_hand=by_hand) as application:
        await feed(application, updates.message("/start", chat=OLD))
        await feed(application, first(OLD, NEW))
        await feed(application, second(OLD, NEW))
        await feed(application, updates.message("on", chat=NEW))
    async with bot(storage, log, by_hand=by_hand) as again:
        await feed(again, updates.message("and on", chat=NEW))

        assert log == ["on", "and on"]
        assert again.chat_data[NEW] == {"topic": "/start"}
        assert OLD not in again.chat_data
        assert await FSMContext(storage, StateKey(42, NEW, 7)).get_data() == {"size": "large"}
        assert await FSMContext(storage, StateKey(42, OLD, 7)).get_data() == {}


@pytest.mark.parametrize("first", [payloads.migrated_to, payloads.migrated_from])
async def test_a_handler_that_has_data_of_every_message_finds_the_groups(
    storage: BaseStorage, first: Any
) -> None:
    async def welcome(update: Any, context: Any) -> None:
        context.chat_data.setdefault("welcomed by", update.message.text)

    second = payloads.migrated_to if first is payloads.migrated_from else payloads.migrated_from
    async with new_application(storage) as application:
        application.add_handler(TypeHandler(Update, welcome))
        await feed(application, updates.message("Ann", chat=OLD))
        await feed(application, first(OLD, NEW))
        await feed(application, second(OLD, NEW))
        await feed(application, updates.message("Bob", chat=NEW))
    async with new_application(storage) as again:
        found = again.chat_data[NEW]

    assert found == {"welcomed by": "Ann"}


async def test_a_storage_that_fails_to_move_fails_no_handler_and_the_second_message_moves() -> None:
    log: list[str] = []

    async def note(update: Any, context: Any) -> None:
        log.append("handled")

    faults = FaultyEngine(MemoryStorage())
    dialogue = FSMContext(faults.storage, StateKey(42, OLD, 7))
    async with new_application(faults.storage) as application:
        errors = collect_errors(application)
        application.add_handler(TypeHandler(Update, note))
        await dialogue.update_data(size="large")
        faults.fail()
        await feed(application, payloads.migrated_from(OLD, NEW))
        failed = {type(error) for error in errors}
        faults.heal()
        await feed(application, payloads.migrated_to(OLD, NEW))
        moved = await FSMContext(faults.storage, StateKey(42, NEW, 7)).get_data()

    assert log == ["handled", "handled"]
    assert failed == {StorageUnavailableError}
    assert moved == {"size": "large"}


async def test_what_the_new_chat_has_already_stays(storage: BaseStorage) -> None:
    async def keep(update: Any, context: Any) -> None:
        if update.message.text:
            context.chat_data["topic"] = update.message.text

    async with new_application(storage) as application:
        application.add_handler(TypeHandler(Update, keep))
        await feed(application, updates.message("old", chat=OLD))
        await feed(application, updates.message("new", chat=NEW))
        await feed(application, payloads.migrated_to(OLD, NEW))

        assert application.chat_data == {OLD: {"topic": "old"}, NEW: {"topic": "new"}}


def test_a_call_without_chats_is_told_so_as_in_python_telegram_bot(storage: BaseStorage) -> None:
    application = new_application(storage)

    with pytest.raises(ValueError, match="chat_id pair or message must be passed"):
        application.migrate_chat_data()
