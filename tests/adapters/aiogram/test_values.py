"""aiogram's own objects in the data of a dialogue."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any

import pytest
from aiogram.client.default import Default
from aiogram.fsm.storage.base import StorageKey
from aiogram.methods import SendMessage
from aiogram.types import (
    FSInputFile,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InlineQueryResultArticle,
    InputMediaPhoto,
    InputMediaVideo,
    InputTextMessageContent,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)
from pydantic import BaseModel
from tests.adapters.botapi import updates

from botkeep import BaseStorage, DocumentError
from botkeep_aiogram import BotkeepStorage

KEY = StorageKey(bot_id=42, chat_id=7, user_id=7)


def message(**fields: Any) -> Message:
    return Message.model_validate({**updates.message("x")["message"], **fields})


SAMPLES: list[Any] = [
    message(),
    message(link_preview_options={"is_disabled": True}),
    message(reply_to_message=updates.message("y")["message"], link_preview_options={"url": "https://x.y"}),
    InputMediaPhoto(media="file", caption="c"),
    InputMediaPhoto(media="file", parse_mode="HTML"),
    InputMediaPhoto(media="file", parse_mode=None),
    InputMediaVideo(media="file"),
    LinkPreviewOptions(is_disabled=True),
    ReplyParameters(message_id=1),
    InputTextMessageContent(message_text="x"),
    InlineQueryResultArticle(
        id="1", title="t", input_message_content=InputTextMessageContent(message_text="x")
    ),
    InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="x", callback_data="y")]]),
    SendMessage(chat_id=7, text="x"),
]


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
async def test_an_object_of_aiogram_is_stored_and_its_class_reads_it_back(
    storage: BaseStorage, value: Any
) -> None:
    theirs = BotkeepStorage(storage)
    await theirs.update_data(KEY, {"m": value, "many": [value], "deep": {"m": (value,)}})
    await theirs.set_data(KEY, await theirs.get_data(KEY))

    data = await theirs.get_data(KEY)
    assert type(value).model_validate(data["m"]) == value
    assert data["many"] == [data["m"]]
    assert data["deep"] == {"m": [data["m"]]}


async def test_a_model_of_ones_own_may_hold_objects_of_aiogram(storage: BaseStorage) -> None:
    class Draft(BaseModel):
        photo: InputMediaPhoto
        at: datetime

    theirs, draft = (
        BotkeepStorage(storage),
        Draft(photo=InputMediaPhoto(media="file"), at=datetime.now(timezone.utc)),
    )
    await theirs.set_data(KEY, {"draft": draft})

    assert Draft.model_validate((await theirs.get_data(KEY))["draft"]) == draft


@pytest.mark.parametrize(
    ("value", "path"),
    [
        (FSInputFile("x"), "m"),
        ([InputMediaPhoto(media=FSInputFile("x"))], r"m\[0\]\.media"),
        (Default("parse_mode"), "m"),
    ],
)
async def test_what_cannot_be_stored_is_named(storage: BaseStorage, value: Any, path: str) -> None:
    with pytest.raises(DocumentError, match=path):
        await BotkeepStorage(storage).update_data(KEY, {"m": value})


async def test_what_a_mapping_holds_besides_stays_as_it_was(storage: BaseStorage) -> None:
    theirs, data = BotkeepStorage(storage), {"set": {1}, "bytes": b"x", "tuple": (1, 2), "n": {"1": True}}
    await theirs.set_data(KEY, data)

    assert await theirs.get_data(KEY) == {**data, "tuple": [1, 2]}


def nested(wrap: Callable[[Any], Any], depth: int) -> Any:
    value: Any = 1
    for _ in range(depth):
        value = wrap(value)
    return value


def inside_itself() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (nested(lambda value: [value], 100_000), "nested too deeply"),
        (nested(lambda value: {"a": (value,)}, 3_000), "nested too deeply"),
        (inside_itself(), "contains itself"),
    ],
    ids=["lists", "dicts and tuples", "itself"],
)
async def test_what_is_too_deep_to_look_at_is_refused_as_everywhere(
    storage: BaseStorage, value: Any, reason: str
) -> None:
    with pytest.raises(DocumentError, match=reason):
        await BotkeepStorage(storage).update_data(KEY, {"x": value})
    with pytest.raises(DocumentError, match=reason):
        await BotkeepStorage(storage).set_data(KEY, {"x": value})
