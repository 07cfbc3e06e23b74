"""Arbitrary callback data: each keyboard is kept by itself."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import CallbackQueryHandler, InvalidCallbackData
from tests.adapters.botapi import updates
from tests.adapters.ptb.bots import collect_errors, feed, new_application

from botkeep import BaseStorage, DocumentError, SQLiteStorage


@dataclasses.dataclass
class Choice:
    size: str


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


def send(application: Any, data: Any) -> str:
    """Return what Telegram has of a button with this data, as when a message with it is sent."""
    keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("?", callback_data=data)]])
    sent: str = (
        application.bot.callback_data_cache.process_keyboard(keyboard).inline_keyboard[0][0].callback_data
    )
    return sent


async def press(application: Any, *buttons: str) -> list[Any]:
    pressed = []

    async def callback(update: Any, context: Any) -> None:
        pressed.append(update.callback_query.data)

    application.add_handler(CallbackQueryHandler(callback))
    for button in buttons:
        await feed(application, updates.button(button))
    return pressed


def records(storage: BaseStorage, kind: str) -> BaseStorage:
    return storage.namespace("ptb").namespace("42").namespace("callback_data").namespace(kind)


async def test_one_button_that_cannot_be_kept_spoils_no_other(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        errors = collect_errors(application)
        buttons = [send(application, data) for data in ("first", Choice("large"), ("third", {1: 2}))]
        await application.update_persistence()
        await application.update_persistence()
    async with new_application(storage) as again:
        pressed = await press(again, *buttons)

        assert [type(error) for error in errors] == [DocumentError]
        assert "Choice" in str(errors[0])
        assert [pressed[0], type(pressed[1]), pressed[2]] == ["first", InvalidCallbackData, ("third", {1: 2})]


async def test_a_button_that_was_pressed_is_kept_and_can_be_pressed_again(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        button = send(application, "data")
        assert await press(application, button, button) == ["data"] * 2
    async with new_application(storage) as again:
        assert await press(again, button) == ["data"]
    async with storage:
        assert len(await records(storage, "queries").list_keys()) == 3


async def test_what_the_cache_has_dropped_is_removed(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        button = send(application, "data")
        send(application, "other")
        await press(application, button)
        application.bot.callback_data_cache.clear_callback_data()
        application.bot.callback_data_cache.clear_callback_queries()
    async with storage:
        assert await storage.namespace("ptb").list_namespaces() == []


async def test_only_new_keyboards_are_written(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        first = send(application, [1])
        await application.update_persistence()
        keyboards = records(storage, "keyboards")
        (known,) = await keyboards.list_keys()
        await keyboards.set_state(known, "marked by the test")
        send(application, [2])
        await application.update_persistence()

        assert await keyboards.get_state(known) == "marked by the test"
        await press(application, first)
        assert (await keyboards.get_state(known))[1] != "marked by the test"


async def test_the_keyboard_that_was_used_last_is_the_last_to_be_dropped(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        first, second = send(application, "first"), send(application, "second")
        await press(application, second, first)
    async with new_application(storage) as again:
        keyboards, _ = again.bot.callback_data_cache.persistence_data

        assert [list(buttons.values()) for _, _, buttons in keyboards] == [["second"], ["first"]]
        assert await press(again, first, second) == ["first", "second"]


async def test_the_one_record_of_version_0_1_is_read_and_replaced(storage: BaseStorage) -> None:
    old = {"@tuple": [[{"@tuple": ["a" * 32, 1.5, {"b" * 32: {"@tuple": ["x", 1]}}]}], {"q": "a" * 32}]}
    async with storage:
        await storage.namespace("ptb").namespace("42").set_state("callback_data", old)
    for _ in range(2):
        async with new_application(storage) as application:
            assert await press(application, "a" * 32 + "b" * 32) == [("x", 1)]
    async with storage:
        assert await storage.namespace("ptb").namespace("42").get_state("callback_data") is None
        assert await records(storage, "keyboards").list_keys() == ["a" * 32]
