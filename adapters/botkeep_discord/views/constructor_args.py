"""The arguments a view is constructed with: what is stored of it, so that it can be constructed again."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeAlias

from botkeep import DocumentError, documents
from botkeep_discord.errors import NoMigrationError

Keywords: TypeAlias = "dict[str, Any]"
Migrations: TypeAlias = "Mapping[int, Callable[[Keywords], Keywords]]"
"""By version: what makes keywords of that version into keywords of the next."""

_BY_POSITION_ONLY = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.VAR_POSITIONAL)


@lru_cache(maxsize=1024)
def _signature(view_class: type) -> inspect.Signature:
    return inspect.signature(view_class.__init__)  # type: ignore[misc] # the class is asked, not an instance


def keywords_of(view_class: type, args: tuple[Any, ...], kwargs: Keywords) -> Keywords:
    """Return the arguments by name, without ``state_key``, which has a place of its own.

    Raises:
        TypeError: the constructor takes some by position only: nothing could hand them back.
        DocumentError: some cannot be stored, or would come back as something else; the error names them all.
    """
    try:
        bound = _signature(view_class).bind(None, *args, **kwargs)
    except TypeError:
        return {}  # The constructor itself is about to say what is wrong with them.
    keywords: Keywords = {}
    for parameter in list(bound.signature.parameters.values())[1:]:
        if parameter.name not in bound.arguments:
            continue
        if parameter.kind in _BY_POSITION_ONLY:
            raise TypeError(
                f"{view_class.__qualname__} takes {parameter} by position only; make it a keyword"
            )
        given = bound.arguments[parameter.name]
        keywords.update(given if parameter.kind is parameter.VAR_KEYWORD else {parameter.name: given})
    keywords.pop("state_key", None)
    _check(view_class, keywords)
    return keywords


def _check(view_class: type, keywords: Keywords) -> None:
    refused = {name: reason for name, given in keywords.items() if (reason := _refusal(name, given))}
    if refused:
        raise DocumentError(
            f"{view_class.__qualname__}({', '.join(f'{name}=...' for name in refused)})",
            f"{'; '.join(refused.values())}. A restarted bot could not construct the view again: "
            "leave them out and take them from the bot in on_bind(bot)",
        )


def _refusal(name: str, given: Any) -> str:
    """Why this keyword would not survive a restart; "" if it would."""
    try:
        returned = documents.decode(documents.encode({name: given}))[name]
    except DocumentError as exc:
        return str(exc)
    if returned != _listed(given):
        return f"{name}: {given!r} would come back as {returned!r}"
    return ""


def _listed(given: Any) -> Any:
    """Tuples come back as lists, and are as good as those."""
    if isinstance(given, (list, tuple)):
        return [_listed(item) for item in given]
    if isinstance(given, dict):
        return {key: _listed(item) for key, item in given.items()}
    return given


def migrated(keywords: Keywords, version: int, to: int, migrations: Migrations) -> Keywords:
    """Return keywords of one version as the class of another takes them, step by step.

    Raises:
        NoMigrationError: a step is missing, or the class is older than what is stored.
    """
    while version != to:
        if version > to or version not in migrations:
            raise NoMigrationError(version, to)
        keywords = migrations[version](keywords)
        version += 1
    return keywords


def takes_state_key(view_class: type) -> bool:
    """Whether the constructor is to be given a state key, or makes its own from its keywords."""
    parameters = _signature(view_class).parameters
    return "state_key" in parameters or any(
        parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values()
    )
