"""Pickles that hold plain data; nothing else in one is ever looked up, let alone called.

That is the way the documentation of `pickle` shows (Restricting Globals).
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import UUID

from botkeep._core.compat import override
from botkeep.errors import MigrationError, StorageFormatError

_PLAIN: Final = {
    (kind.__module__, kind.__name__): kind
    for kind in (set, frozenset, datetime, date, time, timedelta, timezone, Decimal, UUID, OrderedDict)
}

_RECONSTRUCTION: Final = "_reconstruct_to"
"""With this python-telegram-bot's pickles begin an object of its own; which one comes next."""


def load(path: Path) -> Any:
    """Return what a pickle holds: containers, numbers, text, bytes, dates.

    Raises:
        MigrationError: it holds an object of another class, which is named.
        StorageFormatError: it is no pickle, or a damaged one.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        try:
            return _PlainUnpickler(file, str(path)).load()
        except (MigrationError, OSError):
            raise
        except Exception as exc:
            # Damaged bytes may fail in any way: as a wrong opcode, a wrong index, a wrong argument.
            raise StorageFormatError(str(path), f"is no pickle that can be read: {exc}") from exc


class _PlainUnpickler(pickle.Unpickler):
    def __init__(self, file: Any, place: str) -> None:
        super().__init__(file)
        self._place = place

    @override
    def find_class(self, module_name: str, global_name: str, /) -> Any:
        if global_name == _RECONSTRUCTION:
            return self._refuse
        kind = _PLAIN.get((module_name, global_name))
        if kind is None:
            self._refuse(f"{module_name}.{global_name}")
        return kind

    @override
    def persistent_load(self, pid: Any) -> NoReturn:  # noqa: ARG002 # python-telegram-bot has bots only
        self._refuse("telegram.Bot")

    def _refuse(self, kind: Any, *_: Any) -> NoReturn:
        raise MigrationError(
            [str(kind)],
            f"{self._place} holds an object of the class {kind}, and only plain data can be imported; "
            "nothing was imported",
        )
