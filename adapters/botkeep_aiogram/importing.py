"""What aiogram's own ``RedisStorage`` has written, brought into a storage."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botkeep import IdentifierError
from botkeep.fsm.record import NAMESPACE
from botkeep.importers.foreign_redis import ForeignString, read_strings
from botkeep.importers.staging import StagedDocuments, import_error
from botkeep_aiogram.foreign_keys import PARTS, ForeignKeyError, KeyFormat

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep import BaseStorage
    from botkeep.importers.staging import ImportSettings
    from botkeep.migrate import Migration


async def import_redis(
    source: str,
    target: BaseStorage,
    *,
    bot_id: int | None = None,
    prefix: str = "fsm",
    separator: str = ":",
    with_business_connection_id: bool = False,
    with_destiny: bool = False,
    topics: bool | None = None,
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import dialogues, to where `botkeep_aiogram.BotkeepStorage` looks.

    State and data become one record. Where they have different times left to live, it has the longer one. A
    key that can be read in several ways, or that Botkeep refuses, stays behind and is named; the rest is
    imported.

    Args:
        source: the server's URL; only read.
        target: where to.
        bot_id: whose dialogues they are, if the keys do not say so; None: they do (``with_bot_id=True``).
        prefix: as given to ``DefaultKeyBuilder``.
        separator: as given to it.
        with_business_connection_id: as given to it.
        with_destiny: as given to it.
        topics: whether the bot's strategy tells topics apart, for keys that can be read either way; None:
            unknown.
        settings: `botkeep.importers.staging.ImportSettings`. With ``rename``, the key of either part of a
            dialogue gives both another identifier.

    Raises:
        MigrationError: with the keys that stayed behind. Nothing was imported if a key is none of aiogram's,
            or its data is no JSON; with ``leave_out`` the dialogue stays behind, too.
        StorageUnavailableError: the server, or the target, cannot be reached.
    """
    keys = KeyFormat(prefix, separator, with_business_connection_id, with_destiny, bot_id, topics)
    rename, leave_out = settings.get("rename") or {}, settings.get("leave_out", False)
    dialogues: dict[str, _Dialogue] = {}
    async with StagedDocuments(**settings) as staged:
        async for found in read_strings(source, f"{prefix}{separator}", staged):
            try:
                staged.note(found.name)
                identifier, part = _place(found.name, keys, rename)
            except (ForeignKeyError, IdentifierError) as exc:
                if isinstance(exc, ForeignKeyError) and exc.foreign and not leave_out:
                    raise import_error(found.name, f"{exc.reason}, or leave it out (leave_out=True)") from exc
                staged.refuse(found.name, exc.reason)
                continue
            if part != "lock":
                dialogues[identifier] = dialogues.get(identifier, _NEW).with_part(part, found)
        for identifier, dialogue in dialogues.items():
            await _stage(staged, identifier, dialogue, leave_out)
        return await staged.write_to(target)


async def _stage(staged: StagedDocuments, identifier: str, dialogue: _Dialogue, leave_out: bool) -> None:
    try:
        data = _data(dialogue.data)
    except ValueError as exc:
        if not leave_out:
            raise import_error(dialogue.foreign_key, str(exc)) from exc
        staged.refuse(dialogue.foreign_key, str(exc))
        return
    await staged.stage(
        dialogue.foreign_key,
        {"name": dialogue.name, "data": data},
        namespaces=(NAMESPACE,),
        identifier=identifier,
        seconds=dialogue.seconds,
    )


def _place(name: str, keys: KeyFormat, rename: Any) -> tuple[str, str]:
    """Return where a key's dialogue goes, and which part of it the key holds."""
    start, _, part = name.rpartition(keys.separator)
    for other in PARTS:
        renamed = rename.get(f"{start}{keys.separator}{other}")
        if renamed is not None and part in PARTS:
            return renamed, part
    key, part = keys.parse(name)
    return key.identifier, part


class _Dialogue(NamedTuple):
    foreign_key: str
    name: str | None
    data: str
    seconds: float | None

    def with_part(self, part: str, found: ForeignString) -> _Dialogue:
        times = (self.seconds, found.seconds)
        longer = None if None in times else max(filter(None, times), default=0)
        changed = self._replace(foreign_key=found.name, seconds=longer)
        return changed._replace(name=found.text) if part == "state" else changed._replace(data=found.text)


_NEW: Final = _Dialogue("", None, "{}", 0)


def _data(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except ValueError as exc:
        raise ValueError(f"its data is no JSON: {exc}") from exc
    if not isinstance(data, dict):
        raise ValueError(f"its data is no dict but {text[:80]}")  # noqa: TRY004 # the text is at fault
    return data
