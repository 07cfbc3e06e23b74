"""Whole documents with their tags: to be written by orjson, and as orjson read them.

Nothing here calls itself: a document may be deep, and the stack of the caller nearly used up.
"""

from __future__ import annotations

import enum
import math
import re
import secrets
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Any, Final

import orjson

from botkeep._core import tags
from botkeep._core.fields import fields_of, is_model, validated
from botkeep._core.nesting import MAX_DEPTH
from botkeep._core.tags import PLAIN, WRITERS, looks_like_a_tag
from botkeep.errors import DocumentError

_CONTAINERS: Final = frozenset({dict, list})
_NAME: Final = re.compile(r"[^\W\d]\w*")
_IN_A_SET: Final = "{...}"

_SEGMENT: Final = 120
"""Levels that orjson is given at once: it writes 254, and a set or a dict that looks like a tag takes two."""


def is_plain(document: Any) -> bool:
    """Whether orjson writes this value, with the help of `tags.tag_of`, as the codec wants it."""
    pending = [document]
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind in PLAIN or kind in WRITERS:
            continue
        if kind is dict and not looks_like_a_tag(value):
            pending.extend(value.values())
        elif kind is list or kind is tuple:
            pending.extend(value)
        elif kind is not float or not math.isfinite(value):
            return False
    return True


def encode_tagged(document: Any) -> bytes:
    """Return the document with its tags as JSON.

    Raises:
        DocumentError: something in it cannot be stored.
    """
    tagger = _Tagger()
    tree = tagger.tree(document)
    if not tagger.segments:
        return orjson.dumps(tree)
    # Not by orjson.Fragment: what closes so many levels behind it is written past the end of orjson's buffer.
    mark = secrets.token_hex(16)
    parts: list[bytes] = []
    for container, part in tagger.segments:
        container.holder[_place(container, part)] = f"{mark}{len(parts)}"
        parts.append(orjson.dumps(part))
    return re.sub(rb'"%s(\d+)"' % mark.encode(), lambda found: parts[int(found[1])], orjson.dumps(tree))


def _place(container: _Container, part: Any) -> Any:
    """Return where the written part stands: the items of a set have been put in order."""
    if container.label != _IN_A_SET:
        return container.key
    return next(at for at, item in enumerate(container.holder) if item is part)


class _Container:
    """A value that holds others, and the place of what is written for it."""

    __slots__ = ("depth", "holder", "in_a_set", "key", "label", "parent", "value")

    def __init__(
        self, value: Any, holder: Any, key: Any, label: str | int, parent: _Container | None
    ) -> None:
        self.value = value
        self.holder = holder
        self.key = key
        self.label = label
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.in_a_set: bool = parent is not None and (parent.in_a_set or label == _IN_A_SET)

    def path(self, *more: str | int) -> str:
        """Return the path to this value, or to one inside it."""
        labels = list(reversed(more))
        here: _Container | None = self
        while here is not None:
            labels.append(here.label)
            here = here.parent
        return "".join(map(_link, reversed(labels))).removeprefix(".")

    def first_repeated(self) -> _Container | None:
        """Return the outermost container on the way here that is inside itself."""
        way = [self]
        while (parent := way[-1].parent) is not None:
            way.append(parent)
        seen: set[int] = set()
        for container in reversed(way):
            if id(container.value) in seen:
                return container
            seen.add(id(container.value))
        return None


def _link(label: str | int) -> str:
    if isinstance(label, int):
        return f"[{label}]"
    if label in ("", _IN_A_SET):
        return label
    return f".{label}" if _NAME.fullmatch(label) else f"[{label!r}]"


class _Tagger:
    """One walk through one document, from the outside to the inside.

    Args:
        by_alias: of models that were looked at before, by their id: whether they are read back from aliases.
    """

    def __init__(self, by_alias: dict[int, bool] | None = None) -> None:
        self._by_alias = {} if by_alias is None else by_alias
        self._pending: list[_Container] = []
        self._models: list[_Container] = []
        self._sets: list[tuple[list[Any], _Container]] = []
        self.segments: list[tuple[_Container, Any]] = []
        """What lies `_SEGMENT` levels deep, and what is written for it."""

    def tree(self, document: Any) -> Any:
        root = [None]
        self._fill(root, 0, document, "", None)
        return root[0]

    def _fill(self, holder: Any, key: Any, value: Any, label: str | int, parent: _Container | None) -> None:
        """Write a value and all that is in it."""
        self._put(holder, key, value, label, parent)
        while self._pending:
            begin = len(self._pending) - 1
            self._write(self._pending.pop())
            # The first one is on top: of several errors the first in the document is raised.
            self._pending[begin:] = self._pending[: begin - 1 if begin else None : -1]
        for items, container in reversed(self._sets):
            _settle(items, container)
        # From the inside to the outside, so that each is looked at once, however deep they lie in each other.
        for container in reversed(self._models):
            self._read_back(container)

    def _put(self, holder: Any, key: Any, value: Any, label: str | int, parent: _Container | None) -> None:
        """Write a value that holds no others into its place; let the others wait."""
        while isinstance(value, enum.Enum):
            value = value.value
        try:
            written = tags.scalar(value)
        except DocumentError as exc:
            raise _at(parent, label, exc) from exc
        if written is NotImplemented:
            self._pending.append(_Container(value, holder, key, label, parent))
        else:
            holder[key] = written

    def _write(self, container: _Container) -> None:
        if container.depth >= MAX_DEPTH:
            raise _too_deep(container)
        value = container.value
        if isinstance(value, (list, tuple)):
            self._list(container, value)
        elif isinstance(value, (set, frozenset)):
            self._set(container, value)
        elif isinstance(value, dict):
            self._dict(container, value)
        else:
            self._fields(container)
        part = container.holder[container.key]
        if container.depth == _SEGMENT and part is not None:
            self.segments.append((container, part))

    def _list(self, container: _Container, value: list[Any] | tuple[Any, ...]) -> None:
        written = container.holder[container.key] = [None] * len(value)
        for at, item in enumerate(value):
            self._put(written, at, item, at, container)

    def _set(self, container: _Container, value: AbstractSet[Any]) -> None:
        written = [None] * len(value)
        container.holder[container.key] = {tags.set_name(value): written}
        self._sets.append((written, container))
        for at, item in enumerate(value):
            self._put(written, at, item, _IN_A_SET, container)

    def _dict(self, container: _Container, value: Mapping[Any, Any]) -> None:
        if container.in_a_set:
            reason = "comes back as a dict, which a set cannot hold; store a list of them"
            raise DocumentError(container.path(), reason)
        if hasattr(type(value), "__missing__"):
            kind = type(value).__qualname__
            reason = (
                f"a {kind} would come back as a dict, which gives nothing for missing keys; store dict(...)"
            )
            raise DocumentError(container.path(), reason)
        names = self._names(container, value)
        written: dict[str, Any] = dict.fromkeys(names)
        container.holder[container.key] = {"$dict": written} if looks_like_a_tag(written) else written
        for name, item in zip(names, value.values(), strict=True):
            self._put(written, name, item, name, container)

    def _names(self, container: _Container, value: Mapping[Any, Any]) -> list[str]:
        try:
            names = [tags.key_name(key) for key in value]
        except DocumentError as exc:
            raise DocumentError(container.path(), exc.reason) from exc
        if len(set(names)) < len(names):
            twice = next(name for at, name in enumerate(names) if name in names[:at])
            raise DocumentError(container.path(), f"two keys of this dict both become the string {twice!r}")
        return names

    def _fields(self, container: _Container) -> None:
        value = container.value
        try:
            fields = fields_of(value, by_alias=self._by_alias.get(id(value), True))
        except Exception as exc:
            reason = f"the fields of this {type(value).__qualname__} cannot be read: {exc!r}"
            raise DocumentError(container.path(), reason) from exc
        if fields is None:
            raise DocumentError(container.path(), _complaint(value))
        if is_model(value) and id(value) not in self._by_alias:
            self._models.append(container)
        if isinstance(fields, dict):
            self._dict(container, fields)
        elif isinstance(fields, list):
            self._list(container, fields)
        else:
            self._put(container.holder, container.key, fields, container.label, container.parent)

    def _read_back(self, container: _Container) -> None:
        """Make sure that a model is read back from what was written for it, or from its fields' own names.

        Raises:
            DocumentError: it is read back from neither.
        """
        model, key = container.value, container.key
        self._by_alias[id(model)] = True
        try:
            validated(type(model), untag(_copied(container.holder[key])))
        except DocumentError as exc:
            self._by_alias[id(model)] = False
            again = _Tagger(self._by_alias)
            again._fill(container.holder, key, model, container.label, container.parent)
            self._take_segments(again, container)
            try:
                validated(type(model), untag(_copied(container.holder[key])))
            except DocumentError:
                path, kind = _joined(container.path(), exc.path), type(model).__qualname__
                raise DocumentError(path, f"a {kind} could not be read back: {exc.reason}") from exc

    def _take_segments(self, other: _Tagger, replaced: _Container) -> None:
        kept = [segment for segment in self.segments if not _is_inside(segment[0], replaced)]
        self.segments = kept + other.segments


def _is_inside(container: _Container, other: _Container) -> bool:
    here: _Container | None = container
    while here is not None and here is not other:
        here = here.parent
    return here is other


def _copied(tree: Any) -> Any:
    """Return a copy of what the walk wrote."""
    root = [tree]
    holders: list[Any] = [root]
    for holder in holders:  # grows meanwhile
        for key, value in list(holder.items() if type(holder) is dict else enumerate(holder)):
            if type(value) in _CONTAINERS:
                holder[key] = value.copy()
                holders.append(holder[key])
    return root[0]


def _joined(path: str, more: str) -> str:
    link = "." if path and more and not more.startswith("[") else ""
    return f"{path}{link}{more}"


def _at(parent: _Container | None, label: str | int, error: DocumentError) -> DocumentError:
    return DocumentError("" if parent is None else parent.path(label), error.reason)


def _too_deep(container: _Container) -> DocumentError:
    repeated = container.first_repeated()
    if repeated is not None:
        return DocumentError(repeated.path(), "circular: the value contains itself")
    return DocumentError(container.path(), f"nested too deeply: {MAX_DEPTH} levels are allowed")


def _settle(items: list[Any], container: _Container) -> None:
    """Order what a set holds: it has no order of its own, and the bytes of equal sets are to be alike."""
    if len(items) < 2:
        return
    try:
        items.sort(key=repr)
    except RecursionError as exc:
        raise DocumentError(container.path(), "nested too deeply for the stack of this call") from exc
    for one, other in pairwise(items):
        if one == other:
            reason = f"two items of this set both come back as {other!r}"
            raise DocumentError(container.path(_IN_A_SET), reason)


def _complaint(value: Any) -> str:
    kind = type(value).__qualname__
    if hasattr(type(value), "__await__"):
        return f"a {kind} was given where its result belongs: is an await missing?"
    return (
        f"a {kind} cannot be stored; use None, bool, int, float, str, list, dict, datetime, date, time, "
        "timedelta, set, frozenset, bytes, UUID, Decimal, an Enum, a dataclass, a Struct or a pydantic model"
    )


def untag(tree: Any, read: Callable[[Mapping[str, Any]], Any] = tags.read) -> Any:
    """Return the tree with its tags turned into what they stand for. It is changed in place.

    Args:
        tree: what orjson read.
        read: gives the value of a tag whose content has been read already.

    Raises:
        Exception: what ``read`` raises; `tags.read` a ValueError for an unknown tag.
    """
    root = [tree]
    # Grows while it is walked through: what holds others comes before them.
    places: list[tuple[Any, Any]] = [(root, 0)]
    tagged: list[tuple[Any, Any]] = []
    for holder, key in places:
        value = holder[key]
        if type(value) is dict and looks_like_a_tag(value):
            ((name, content),) = value.items()
            if name == "$dict" and type(content) is dict:
                value = holder[key] = content
            else:
                tagged.append((holder, key))
                value = content if name in tags.SETS else None
        if type(value) is dict:
            places += [(value, name) for name, item in value.items() if type(item) in _CONTAINERS]
        elif type(value) is list:
            places += [(value, at) for at, item in enumerate(value) if type(item) in _CONTAINERS]
    for holder, key in reversed(tagged):
        holder[key] = read(holder[key])
    return root[0]
