"""All documents of a storage as one dict, for backends that load and save a whole state.

::

    {
      "persistent_views": {state key: row},
      "documents": {namespace: {identifier: {"document": ..., "expires_at": seconds since the epoch}}},
      ... whatever else the state's owner has in it
    }

What never expires has null for ``expires_at``. There are JSON's types only: `StateSerializer` turns other
values into them, and back.
"""

from __future__ import annotations

import json
import math
from datetime import datetime
from typing import Any, Final, TypeAlias

from holdfast import MemoryStorage, documents
from holdfast.ttl import Expiry

State: TypeAlias = "dict[str, Any]"

_VIEWS: Final = "discord/views"
"""The namespace of the rows."""

_REST: Final = ("discord", "state")
"""The key of what a state holds beside views and documents."""

_IDS: Final = ("message_id", "channel_id", "guild_id", "user_id")


class StateStorage(MemoryStorage):
    """Documents in memory that go in and come out as one dict."""

    async def fill(self, state: State) -> None:
        """Store what a whole state holds."""
        rest = {name: held for name, held in state.items() if name not in {"persistent_views", "documents"}}
        if rest:
            await self._keep(*_REST, rest, None)
        for key, row in state.get("persistent_views", {}).items():
            await self._keep(_VIEWS, key, _imported(row), None)
        for namespace, shelf in state.get("documents", {}).items():
            for identifier, stored in shelf.items():
                await self._keep(namespace, identifier, stored["document"], stored.get("expires_at"))

    async def whole(self) -> State:
        """Return all that is stored, in JSON's types."""
        state: State = {}
        for namespace in sorted(await self._namespaces()):
            shelf = await self._documents(namespace)
            if namespace == _VIEWS:
                state["persistent_views"] = {key: stored["document"] for key, stored in shelf.items()}
                continue
            if namespace == _REST[0] and _REST[1] in shelf:
                state.update(shelf.pop(_REST[1])["document"])
            if shelf:
                state.setdefault("documents", {})[namespace] = shelf
        return state

    async def _keep(self, namespace: str, identifier: str, plain: Any, expires_at: float | None) -> None:
        expiry = Expiry(math.inf if expires_at is None else expires_at, keep=False)
        await MemoryStorage._set(self, namespace, identifier, json.dumps(plain).encode(), expiry)

    async def _documents(self, namespace: str) -> dict[str, Any]:
        identifiers = [identifier async for page in self._scan(namespace, "") for identifier in page]
        found = await self._get_many(namespace, sorted(identifiers))
        return {
            identifier: {
                "document": json.loads(stored.value),
                "expires_at": None if stored.expires_at == math.inf else stored.expires_at,
            }
            for identifier, stored in zip(sorted(identifiers), found, strict=True)
            if stored is not None
        }


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
