"""Paths of namespaces: how the names of nested namespaces become one key of an engine, and back."""

from __future__ import annotations

from collections.abc import Iterable


def inner(namespace: str, name: str) -> str:
    """Return the path of the namespace ``name`` inside ``namespace``; "" is the storage itself.

    Names are joined by "/" with "/" and "%" escaped, so different names never give one path.
    """
    name = name.replace("%", "%25").replace("/", "%2F")
    return f"{namespace}/{name}" if namespace else name


def children(namespace: str, paths: Iterable[str]) -> set[str]:
    """Return the names of the namespaces directly inside ``namespace`` on the way to the given paths."""
    start = f"{namespace}/" if namespace else ""
    names = {path[len(start) :].split("/")[0] for path in paths if path.startswith(start)}
    return {name.replace("%2F", "/").replace("%25", "%") for name in names if name}


def private(namespace: str, name: str) -> str:
    """Return the path of a namespace for Botkeep's own records; no user can name it: names are not empty."""
    return f"{namespace}//{name}"
