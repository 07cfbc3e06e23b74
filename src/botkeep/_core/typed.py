"""Documents as the types that a reader names: dataclasses, TypedDicts, Structs, pydantic models."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec

from botkeep._core.fields import validated
from botkeep.errors import DocumentError

_MISFIT: Final = re.compile(r"Expected `([^`]*)`, got `(\w+)`(?: - at (`key` in )?`\$(.*)`)?")
_STEP: Final = re.compile(r"\.([^.\[]+)|\[[^\]]*\]")
_BOOLS: Final = {"true": True, "false": False}


def convert(document: Any, kind: Any) -> Any:
    """Return the document as an instance of ``kind``, checked.

    Raises:
        DocumentError: the document does not fit, or nothing can be read as this type.
    """
    if hasattr(kind, "model_validate"):
        return validated(kind, document)
    mended: set[str] = set()
    while True:
        try:
            # Keys that were numbers were stored as strings.
            return msgspec.convert(document, kind, str_keys=True)
        except msgspec.ValidationError as exc:
            if str(exc) in mended or not (mend := _mender(str(exc))):
                raise _misfit(kind, exc) from exc
            # Once: items of one list have one error.
            document = document if mended else copy.deepcopy(document)
            mended.add(str(exc))
            document = mend(document)
        except (TypeError, NameError, RecursionError) as exc:
            raise DocumentError("", f"{name_of(kind)} cannot be read from a document: {exc}") from exc


def name_of(kind: Any) -> str:
    """Return what to call a type in an error."""
    return getattr(kind, "__name__", None) or str(kind)


def _misfit(kind: Any, error: msgspec.ValidationError) -> DocumentError:
    # "Expected `int`, got `str` - at `$.items[3].price`", or "... - at `key` in `$.items`"
    reason, _, place = str(error).partition(" - at ")
    path = place.strip("`").rpartition("$")[2].removeprefix(".")
    return DocumentError(path, f"{reason}, for {name_of(kind)}")


def _mender(error: str) -> Callable[[Any], Any] | None:
    """Return what mends this misfit; None: nothing does.

    JSON has one kind of number: programs in other languages, and sliders in a browser, give 7.0 for 7. And it
    has no keys but strings: True was stored as "true".
    """
    misfit = _MISFIT.fullmatch(error)
    if misfit is None:
        return None
    expected, got, key, path = misfit.groups()
    wanted = expected.split(" | ")
    if got == "float" and "int" in wanted and not key:
        change = _whole
    elif got == "str" and "bool" in wanted and key:
        change = _with_bools
    else:
        return None
    # An index or a key says "one of them" as well as which: its neighbours are of the same type.
    steps = [step[1] for step in _STEP.finditer(path or "")]
    return lambda document: _changed(document, steps, change)


def _changed(document: Any, steps: list[str | None], change: Callable[[Any], Any]) -> Any:
    if not steps:
        return change(document)
    for key in _places(document, steps[0]):
        document[key] = _changed(document[key], steps[1:], change)
    return document


def _places(document: Any, step: str | None) -> Iterator[Any]:
    if isinstance(document, dict):
        yield from list(document) if step is None else [step] if step in document else []
    elif isinstance(document, list) and step is None:
        yield from range(len(document))


def _whole(value: Any) -> Any:
    return int(value) if type(value) is float and value.is_integer() else value


def _with_bools(value: Any) -> Any:
    return {_BOOLS.get(key, key): item for key, item in value.items()} if isinstance(value, dict) else value
