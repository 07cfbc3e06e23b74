"""The file of python-telegram-bot's ``PicklePersistence``, version 20 or newer; or its five files."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

from typing_extensions import Unpack

from botkeep import BaseStorage, DocumentError, StorageFormatError
from botkeep.importers.staging import ImportSettings, StagedDocuments
from botkeep.migrate import Migration
from botkeep_ptb import layout
from botkeep_ptb.plain_pickle import foreign_class_in, load
from botkeep_ptb.values import PlainValues

_PARTS: Final = ("user_data", "chat_data", "bot_data", "callback_data", "conversations")


async def import_documents(
    source: str | os.PathLike[str], target: BaseStorage, *, bot_id: int, **settings: Unpack[ImportSettings]
) -> Migration:
    """Import data and conversations, to where `botkeep_ptb.BotkeepPersistence` looks.

    Only plain data is imported: containers, numbers, text, bytes, dates. Nothing of the pickle is run. The
    data of a user or a chat with an object of another class in it is refused: see ``leave_out``.

    Args:
        source: the path that was given to ``PicklePersistence``.
        target: where to.
        bot_id: the bot's: what its token begins with.
        settings: `botkeep.importers.staging.ImportSettings`. Keys are those of python-telegram-bot:
            ``user_data[7]``, ``conversations.order[(7, 7)]``.

    Raises:
        MigrationError: something could not be imported; all else was.
        StorageFormatError: it is no such file, or a damaged one.
        OSError: it cannot be read.
    """
    parts = await asyncio.to_thread(_read, Path(source))
    async with StagedDocuments(**settings) as staged:
        for found in _entries(parts):
            await _stage(staged, found, str(bot_id))
        return await staged.write_to(target)


class _Entry(NamedTuple):
    """What becomes a record.

    Attributes:
        name: what python-telegram-bot calls it.
        key: where it goes; None: it is none of python-telegram-bot's.
        value: what is in it.
    """

    name: str
    key: layout.Key | None
    value: Any


def _entries(parts: dict[str, Any]) -> Iterator[_Entry]:
    for part, kind in (("user_data", layout.USERS), ("chat_data", layout.CHATS)):
        for chat_or_user, data in parts[part].items():
            known = isinstance(chat_or_user, int) and isinstance(data, dict)
            key = layout.Key(kind, str(chat_or_user)) if known else None
            yield _Entry(f"{part}[{chat_or_user!r}]", key, data)
    bot_data = parts["bot_data"]
    yield _Entry("bot_data", layout.BOT_DATA if isinstance(bot_data, dict) else None, bot_data)
    yield from _callback_entries(*parts["callback_data"])
    for name, states in parts["conversations"].items():
        for conversation, state in states.items():
            known = isinstance(name, str) and _is_conversation(conversation)
            key = layout.conversation(name, conversation) if known else None
            yield _Entry(f"conversations.{name}[{conversation!r}]", key, state)


def _callback_entries(keyboards: Any, queries: Any) -> Iterator[_Entry]:
    for keyboard, used, buttons in keyboards:
        yield _Entry(f"callback_data[{keyboard!r}]", layout.Key(layout.KEYBOARDS, keyboard), [used, buttons])
    for query, keyboard in queries.items():
        yield _Entry(f"callback_queries[{query!r}]", layout.Key(layout.QUERIES, query), keyboard)


def _is_conversation(key: object) -> bool:
    return isinstance(key, tuple) and all(type(part) in (int, str) for part in key)


async def _stage(staged: StagedDocuments, found: _Entry, bot_id: str) -> None:
    if found.value is None or found.value == {}:
        return  # What is empty has no record.
    foreign = foreign_class_in(found.value)
    if foreign is not None:
        staged.refuse(found.name, f"it holds an object of the class {foreign}, which is not plain data")
    elif found.key is None:
        staged.refuse(found.name, "python-telegram-bot writes nothing of this kind")
    else:
        try:
            document = PlainValues().pack(found.value)
        except DocumentError as exc:
            staged.refuse(found.name, str(exc))
            return
        namespaces = (layout.NAMESPACE, bot_id, *found.key.kind)
        await staged.stage(found.name, document, namespaces=namespaces, identifier=found.key.identifier)


def _read(path: Path) -> dict[str, Any]:
    files = {part: Path(f"{path}_{part}") for part in _PARTS}
    if path.exists() or not any(file.exists() for file in files.values()):
        parts = load(path)
    else:
        parts = {part: load(file) for part, file in files.items() if file.exists()}
    if not isinstance(parts, dict) or not set(_PARTS) & parts.keys():
        raise StorageFormatError(str(path), "is a pickle, but not one of PicklePersistence")
    parts = {part: parts.get(part) or {} for part in _PARTS}
    parts["callback_data"] = parts["callback_data"] or ([], {})
    for part in _PARTS:
        if not _has_its_shape(part, parts[part]):
            raise StorageFormatError(str(path), f"its {part} is not as PicklePersistence writes it")
    return parts


def _has_its_shape(part: str, value: Any) -> bool:
    if part == "conversations":
        return isinstance(value, dict) and all(isinstance(states, dict) for states in value.values())
    if part in ("user_data", "chat_data"):
        return isinstance(value, dict)
    if part == "bot_data":
        return True
    return (
        isinstance(value, tuple)
        and [type(item) for item in value] == [list, dict]
        and all(isinstance(item, tuple) and len(item) == 3 and isinstance(item[0], str) for item in value[0])
        and all(isinstance(query, str) and isinstance(keyboard, str) for query, keyboard in value[1].items())
    )
