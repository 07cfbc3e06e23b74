"""All documents of a storage as one dict, for backends that load and save a whole state.

::

    {
      "persistent_views": {state key: row},
      "documents": {namespace: {identifier: {"document": ..., "expires_at": seconds since the epoch}}},
      ... whatever else the state's owner has in it
    }

``expires_at`` is left out where a document never expires. There are only JSON's own types: `StateSerializer`
turns other values into them, and back. What is no JSON at all, moved here from a damaged place, stands in
base64 as ``damaged`` instead of ``document``.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from typing_extensions import override

from botkeep import MemoryStorage, documents
from botkeep.hooks import Put, Stored
from botkeep.ttl import Expiry

State: TypeAlias = "dict[str, Any]"

_VIEWS: Final = "discord/views"
"""The namespace of the rows."""

_REST: Final = ("discord", "state")
"""The key of what a state holds beside views and documents."""

_SECTIONS: Final = ("persistent_views", "documents")
_IDS: Final = ("message_id", "channel_id", "guild_id", "user_id")


class StateStorage(MemoryStorage):
    """Documents in memory that go in and come out as one dict."""

    async def load(self, state: State) -> None:
        """Store what a whole state holds."""
        rest = {name: held for name, held in state.items() if name not in _SECTIONS}
        if rest:
            await self._load_one(*_REST, {"document": rest})
        for key, row in state.get("persistent_views", {}).items():
            await self._load_one(_VIEWS, key, {"document": _imported(row)})
        for namespace, kept_documents in state.get("documents", {}).items():
            for identifier, kept in kept_documents.items():
                await self._load_one(namespace, identifier, kept)

    async def dump(self) -> State:
        """Return all that is stored."""
        state: State = {}
        async for namespace, identifier, kept in self._all():
            # What expires, or is damaged, needs more room than a document of the owner's has.
            is_plain = set(kept) == {"document"}
            if is_plain and namespace == _VIEWS:
                state.setdefault("persistent_views", {})[identifier] = kept["document"]
            elif is_plain and (namespace, identifier) == _REST:
                state.update(kept["document"])
            else:
                state.setdefault("documents", {}).setdefault(namespace, {})[identifier] = kept
        return state

    # Reads, which `BackendStorage` need not save.

    @override
    async def _get_expiry(self, namespace: str, identifier: str) -> float | None:
        stored = await self._read(namespace, identifier)
        return None if stored is None else stored.expires_at

    @override
    async def _get_many(self, namespace: str, identifiers: Sequence[str]) -> list[Stored | None]:
        return [await self._read(namespace, identifier) for identifier in identifiers]

    async def _read(self, namespace: str, identifier: str) -> Stored | None:
        return await super()._apply(namespace, identifier, _unchanged)

    async def _load_one(self, namespace: str, identifier: str, kept: State) -> None:
        expiry = Expiry(kept.get("expires_at", math.inf), keep=False)
        await super()._apply(namespace, identifier, Put(_bytes_of(kept), expiry))

    async def _all(self) -> AsyncIterator[tuple[str, str, State]]:
        for namespace in sorted(await self._namespaces()):
            identifiers = sorted([name async for page in self._scan(namespace, "") for name in page])
            found = await self._get_many(namespace, identifiers)
            for identifier, stored in zip(identifiers, found, strict=True):
                if stored is not None:
                    yield namespace, identifier, _kept(stored)


def _unchanged(entry: Stored | None, _: float, /) -> tuple[Stored | None, Stored | None]:
    return entry, entry


def _kept(stored: Stored) -> State:
    kept: State = {} if stored.expires_at == math.inf else {"expires_at": stored.expires_at}
    try:
        return {"document": json.loads(stored.value), **kept}
    except ValueError:
        return {"damaged": base64.b64encode(stored.value).decode(), **kept}


def _bytes_of(kept: State) -> bytes:
    if "damaged" in kept:
        return base64.b64decode(kept["damaged"])
    return json.dumps(kept["document"]).encode()


def _imported(row: Any) -> Any:
    """Read ids and moments from text, as rows of other origin have them; anything odd stays as it is."""
    if not isinstance(row, dict):
        return row
    ids = {name: int(row[name]) for name in _IDS if isinstance(row.get(name), str) and row[name].isdecimal()}
    registered_at = row.get("registered_at")
    if isinstance(registered_at, str):
        moment = documents.encode(datetime.fromisoformat(registered_at))
        ids["registered_at"] = json.loads(moment)
    return {**row, **ids}
