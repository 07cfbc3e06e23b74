"""Arbitrary callback data: a record for each keyboard, so that one button cannot spoil those of others."""

from __future__ import annotations

import asyncio
from typing import Any

import telegram

from botkeep import DocumentError
from botkeep_ptb.layout import CALLBACK_DATA, KEYBOARDS, QUERIES, Key
from botkeep_ptb.records import ABSENT, Entry, Records
from botkeep_ptb.values import Values, unpack


class CallbackDataRecords:
    """Keyboards that the bot has sent, and for each query that it has got, the keyboard."""

    def __init__(self, records: Records, values: Values) -> None:
        self._records = records
        self._values = values
        self._access_times: dict[str, float] = {}
        self._queries: dict[str, str] = {}

    async def load(self, bot: telegram.Bot) -> tuple[list[tuple[str, float, Any]], dict[str, str]] | None:
        """Return what python-telegram-bot's cache takes, the keyboard that was used last at the end."""
        whole = await self._records.read(CALLBACK_DATA)
        keyboards, queries = (
            ([], {}) if whole is ABSENT else unpack(self._values, "callback_data", whole, bot)
        )
        kept = {keyboard: (access_time, buttons) for keyboard, access_time, buttons in keyboards}
        for keyboard, document in (await self._records.load(KEYBOARDS)).items():
            kept[keyboard] = tuple(unpack(self._values, keyboard, document, bot))
        self._queries = await self._records.load(QUERIES)
        # A keyboard of the former record is still to be written as one of its own.
        self._access_times = {} if keyboards else {keyboard: used for keyboard, (used, _) in kept.items()}
        queries = {**queries, **self._queries}
        if not kept and not queries:
            return None
        by_use = sorted(kept.items(), key=lambda item: item[1][0])
        return [(keyboard, *content) for keyboard, content in by_use], queries

    async def save(self, data: tuple[list[tuple[str, float, Any]], dict[str, str]]) -> None:
        """Write what is new, and remove what the cache has dropped.

        Raises:
            DocumentError: the data of some button cannot be stored; all others are.
        """
        keyboards, queries = data
        changed = [item for item in keyboards if self._access_times.get(item[0]) != item[1]]
        dropped = self._access_times.keys() - {keyboard for keyboard, _, _ in keyboards}
        self._access_times = {keyboard: access_time for keyboard, access_time, _ in keyboards}
        new_queries = queries.items() - self._queries.items()
        old_queries = self._queries.keys() - queries.keys()
        self._queries = dict(queries)
        results = await asyncio.gather(
            *(self._write_keyboard(*item) for item in changed),
            *(
                self._records.write(Key(QUERIES, query), Entry.of(keyboard))
                for query, keyboard in new_queries
            ),
            *(self._records.remove(Key(KEYBOARDS, keyboard)) for keyboard in dropped),
            *(self._records.remove(Key(QUERIES, query)) for query in old_queries),
            return_exceptions=True,
        )
        for error in results:
            if error is not None:
                raise error
        await self._records.remove(CALLBACK_DATA)

    async def _write_keyboard(self, keyboard: str, access_time: float, buttons: Any) -> None:
        try:
            entry = Entry.of(self._values.pack([access_time, buttons]))
        except DocumentError as exc:
            reason = f"{exc.reason}; this keyboard is forgotten at the next start"
            raise DocumentError(f"callback_data of a keyboard{exc.path}", reason) from exc
        await self._records.write(Key(KEYBOARDS, keyboard), entry)
