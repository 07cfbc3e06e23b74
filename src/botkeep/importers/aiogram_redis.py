"""The keys of aiogram's ``RedisStorage``, as its ``DefaultKeyBuilder`` makes them.

``PREFIX:BOT:BUSINESS:CHAT:THREAD:USER:DESTINY:state``, and ``:data`` for the data, of which bot, business
connection, thread and destiny may be left out.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botkeep.fsm.record import NAMESPACE
from botkeep.fsm.state_keys import StateKey
from botkeep.importers.foreign_redis import ForeignString, read_strings
from botkeep.importers.staging import StagedDocuments, import_error

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep.abc import BaseStorage
    from botkeep.importers.staging import ImportSettings
    from botkeep.migrate import Migration


async def import_documents(
    source: str,
    target: BaseStorage,
    *,
    bot_id: int | None = None,
    prefix: str = "fsm",
    separator: str = ":",
    with_business_connection_id: bool = False,
    with_destiny: bool = False,
    **settings: Unpack[ImportSettings],
) -> Migration:
    """Import dialogues, to where `botkeep_aiogram.BotkeepStorage` looks; see `botkeep.importers`.

    State and data become one record. Where they have different times left to live, it has the longer one.

    Args:
        source: the server's URL.
        target: where to.
        bot_id: whose dialogues they are, if the keys do not say so; None: they do (``with_bot_id=True``).
        prefix: as given to ``DefaultKeyBuilder``; so are the next three.
        separator: see there.
        with_business_connection_id: see there.
        with_destiny: see there.
        settings: `botkeep.importers.staging.ImportSettings`.
    """
    keys = _Keys(prefix, separator, bot_id, business=with_business_connection_id, destiny=with_destiny)
    dialogues: dict[StateKey, _Dialogue] = {}
    async with StagedDocuments(**settings) as staged:
        async for found in read_strings(source, f"{prefix}{separator}", staged):
            key, part = keys.parse(found.name)
            if part != "lock":
                dialogues[key] = dialogues.get(key, _NEW).with_part(part, found)
        for key, dialogue in dialogues.items():
            await staged.stage(
                dialogue.foreign_key,
                {"name": dialogue.name, "data": dialogue.data},
                namespaces=(NAMESPACE,),
                identifier=key.identifier,
                seconds=dialogue.seconds,
            )
        return await staged.write_to(target)


_NUMBERS: Final = {"bot_id", "chat_id", "thread_id", "user_id"}


class _Dialogue(NamedTuple):
    foreign_key: str
    name: str | None
    data: dict[str, Any]
    seconds: float | None

    def with_part(self, part: str, found: ForeignString) -> _Dialogue:
        times = (self.seconds, found.seconds)
        longer = None if None in times else max(filter(None, times), default=0)
        changed = self._replace(foreign_key=found.name, seconds=longer)
        return changed._replace(name=found.text) if part == "state" else changed._replace(data=_data(found))


_NEW: Final = _Dialogue("", None, {}, 0)


def _data(found: ForeignString) -> dict[str, Any]:
    try:
        data = json.loads(found.text)
    except ValueError as exc:
        raise import_error(found.name, f"it is no JSON: {exc}") from exc
    if not isinstance(data, dict):
        raise import_error(found.name, f"it is no dict of data but {found.text[:80]}")
    return data


class _Keys:
    """Reads keys; the settings say what is in them, for the keys themselves do not."""

    def __init__(
        self, prefix: str, separator: str, bot_id: int | None, *, business: bool, destiny: bool
    ) -> None:
        end = re.escape(separator)
        parts = [
            re.escape(prefix) + end,
            rf"(?P<bot_id>\d+){end}" if bot_id is None else "",
            rf"(?:(?P<business_connection_id>(?!-?\d+{end}).+?){end})?" if business else "",
            rf"(?P<chat_id>-?\d+){end}(?:(?P<thread_id>-?\d+){end})?(?P<user_id>-?\d+){end}",
            rf"(?P<destiny>.+){end}" if destiny else "",
            "(?P<part>state|data|lock)",
        ]
        self._pattern = re.compile("".join(parts), re.ASCII | re.DOTALL)
        self._bot_id = bot_id

    def parse(self, name: str) -> tuple[StateKey, str]:
        """Return whose key it is, and which part of the record is there.

        Raises:
            MigrationError: it does not look as the settings say.
        """
        found = self._pattern.fullmatch(name)
        if found is None:
            raise import_error(name, "it is no key of DefaultKeyBuilder with these settings")
        parts = {part: text for part, text in found.groupdict().items() if text is not None}
        part = parts.pop("part")
        fields: dict[str, Any] = {"bot_id": self._bot_id}
        fields |= {field: int(text) if field in _NUMBERS else text for field, text in parts.items()}
        # A bot never writes to itself.
        if fields["chat_id"] == self._bot_id:
            raise import_error(name, "it names the bot: leave out bot_id, which is for keys that do not")
        return StateKey(**fields), part
