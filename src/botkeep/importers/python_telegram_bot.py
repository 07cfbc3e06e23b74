"""The file of python-telegram-bot's ``PicklePersistence``, version 20 or newer; or its five files."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from botkeep.errors import StorageFormatError
from botkeep.importers._plain_pickle import load
from botkeep.importers._telegram_values import pack
from botkeep.importers.staging import StagedDocuments

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep.abc import BaseStorage
    from botkeep.importers.staging import ImportSettings
    from botkeep.migrate import Migration

_PARTS: Final = ("user_data", "chat_data", "bot_data", "callback_data", "conversations")


async def import_documents(
    source: str | os.PathLike[str],
    target: BaseStorage,
    *,
    bot_id: int,
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import data and conversations, to where `botkeep_ptb.BotkeepPersistence` looks.

    The pickle may hold plain data only: containers, numbers, text, bytes, dates. See `botkeep.importers`.

    Args:
        source: the path that was given to ``PicklePersistence``.
        target: where to.
        bot_id: the bot's: what its token begins with.
        settings: `botkeep.importers.staging.ImportSettings`.
    """
    parts = await asyncio.to_thread(_read, Path(source))
    async with StagedDocuments(**settings) as staged:
        own = ("ptb", str(bot_id))
        for part, name in (("user_data", "users"), ("chat_data", "chats")):
            await _stage(staged, part, parts[part], (*own, name))
        await _stage(staged, "", {name: parts[name] for name in ("bot_data", "callback_data")}, own)
        for name, conversations in parts["conversations"].items():
            identified = {json.dumps(key): state for key, state in conversations.items() if state is not None}
            await _stage(staged, f"conversations.{name}", identified, (*own, "conversations", name))
        return await staged.write_to(target)


async def _stage(staged: StagedDocuments, part: str, values: Any, namespaces: tuple[str, ...]) -> None:
    for identifier, value in values.items():
        # What is empty has no record: neither {} nor the ([], {}) of an unused cache of callback data.
        if value not in ({}, None, ([], {})):
            key = f"{part}[{identifier}]" if part else identifier
            await staged.stage(key, pack(value), namespaces=namespaces, identifier=str(identifier))


def _read(path: Path) -> dict[str, Any]:
    files = {part: Path(f"{path}_{part}") for part in _PARTS}
    if path.exists() or not any(file.exists() for file in files.values()):
        parts = load(path)
    else:
        parts = {part: load(file) for part, file in files.items() if file.exists()}
    if not isinstance(parts, dict) or not parts.keys() & set(_PARTS):
        raise StorageFormatError(str(path), "is a pickle, but not one of PicklePersistence")
    parts = {part: parts.get(part) or {} for part in _PARTS}
    for part in ("user_data", "chat_data", "conversations"):
        if not isinstance(parts[part], dict):
            raise StorageFormatError(str(path), f"its {part} is no dict, as PicklePersistence writes it")
    return parts
