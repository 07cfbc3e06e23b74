"""Every verb as a call, for laws that hold for all of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from botkeep.abc import BaseStorage
from botkeep.testing.samples import PASTA, PIZZA

Call: TypeAlias = "Callable[[BaseStorage, str], Awaitable[Any]]"
"""Takes the storage and an identifier."""


async def _scan(storage: BaseStorage, _: str) -> list[str]:
    return [identifier async for identifier in storage.scan()]


async def _lock(storage: BaseStorage, identifier: str) -> None:
    async with storage.lock(identifier):
        pass


ON_ONE_DOCUMENT: Final[dict[str, Call]] = {
    "get_state": lambda storage, identifier: storage.get_state(identifier),
    "set_state": lambda storage, identifier: storage.set_state(identifier, PASTA),
    "delete_state": lambda storage, identifier: storage.delete_state(identifier),
    "compare_and_set": lambda storage, identifier: storage.compare_and_set(identifier, PASTA, expected=PIZZA),
    "increment": lambda storage, identifier: storage.increment(identifier),
    "touch": lambda storage, identifier: storage.touch(identifier, ttl=60),
    "get_ttl": lambda storage, identifier: storage.get_ttl(identifier),
    "exists": lambda storage, identifier: storage.exists(identifier),
    "update": lambda storage, identifier: storage.update(identifier, lambda _: PASTA),
    "lock": _lock,
}
"""The verbs that take an identifier."""

ON_ALL_DOCUMENTS: Final[dict[str, Call]] = {
    "list_keys": lambda storage, _: storage.list_keys(),
    "scan": _scan,
    "list_namespaces": lambda storage, _: storage.list_namespaces(),
    "clear_namespace": lambda storage, _: storage.clear_namespace(),
}

VERBS: Final[dict[str, Call]] = {**ON_ONE_DOCUMENT, **ON_ALL_DOCUMENTS}
"""All but `start`, `stop` and `health`."""
