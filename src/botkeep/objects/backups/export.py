"""The states of all objects in one dict or file, and back."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from botkeep import documents
from botkeep._files import atomic
from botkeep._files.dict_file import from_text, to_text
from botkeep._files.errors import unavailable
from botkeep._files.json_text import NotJsonError
from botkeep._files.paths import expanded
from botkeep.errors import StorageFormatError
from botkeep.objects.backups.registry import Registration, Registry

_logger = logging.getLogger(__name__)


class Imported(NamedTuple):
    """What an import came to, by key.

    Attributes:
        restored: these objects took over their state.
        unknown: nobody is registered under these keys.
        failed: these objects raised an error, which was logged.
    """

    restored: list[str]
    unknown: list[str]
    failed: list[str]


def export_states(registrations: Iterable[Registration], path: str | Path | None) -> dict[str, Any]:
    """Return all states, and write them to the file if there is one."""
    states = {each.key: each.obj.backup() for each in registrations if each.is_restored}
    if path is not None:
        atomic.write(expanded(path), to_text(states))
    return _copied(states)


def export_skipping_errors(registrations: Iterable[Registration]) -> dict[str, Any]:
    """Return the states of the objects that give one; errors are logged."""
    states = {}
    for each in registrations:
        try:
            states.update(export_states([each], None))
        except Exception:
            _logger.exception("%r is missing from today's copy", each.key)
    return states


def import_states(registry: Registry, source: str | Path | Mapping[str, Any]) -> Imported:
    """Restore every object that the source has a state for."""
    states = _copied(dict(source)) if isinstance(source, Mapping) else _read(expanded(source, "source"))
    result = Imported([], [], [])
    for key, state in states.items():
        registration = registry.find(key)
        if registration is None:
            result.unknown.append(key)
        elif _restored(registration, state):
            result.restored.append(key)
        else:
            result.failed.append(key)
    return result


def _restored(registration: Registration, state: dict[str, Any]) -> bool:
    try:
        registration.obj.restore(state)
    except Exception:
        _logger.exception("%r could not be restored from what was imported", registration.key)
        return False
    # What is stored is the past now, also for an object that has not seen it yet.
    registration.is_restored = True
    registration.obj.needs_backup = True
    return True


def _read(path: Path) -> dict[str, Any]:
    try:
        return from_text(path.read_bytes())
    except OSError as exc:
        raise unavailable(exc, str(path)) from exc
    except NotJsonError as exc:
        raise StorageFormatError(str(path), f"not what export_all writes: {exc}") from exc


def _copied(states: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = documents.decode(documents.encode(states))
    return copy
