"""What the opcodes of a pickle do, for plain data alone.

`pickletools` of the standard library takes a pickle apart; `pickletools.opcodes` describes each opcode. A
class that a pickle names is never imported or called, and nothing is allocated that it has no bytes for.
"""

from __future__ import annotations

import pickletools
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

DEEPEST: Final = 200
"""Tuples inside of tuples: Python itself fails on very deep ones."""


class ForeignObject:
    """An object of a class that is not plain data, or the class itself.

    Attributes:
        name: the module and the name of the class.
    """

    def __init__(self, name: str) -> None:
        # In the pickles of protocol 2 and less it is a name of Python 2, and a space stands before it.
        self.name = name.replace(" ", ".").replace("__builtin__.", "builtins.")


class PickleMachine:
    """The stack and the memo of a pickle. Its methods are opcodes, or what those of one family share."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self._marks: list[int] = []
        self._memo: dict[int, Any] = {}
        self._tuple_depths: dict[int, tuple[int, Any]] = {}

    def run(self, content: bytes) -> Any:
        """Return the value that a pickle leaves on the stack.

        Raises:
            Exception: of any kind: it is damaged.
        """
        for opcode, argument, _ in pickletools.genops(content):
            if opcode.name in _ARGUMENT_IS_THE_VALUE:
                self.stack.append(argument)
            else:
                _OPCODES[opcode.name](self, argument)
        (found,) = self.stack
        return found

    def mark(self) -> None:
        """Begin a group on the stack."""
        self._marks.append(len(self.stack))

    def take_marked(self) -> list[Any]:
        """Take everything back to the last mark off the stack."""
        return self._cut(self._marks.pop())

    def take(self, count: int) -> list[Any]:
        """Take so many values off the stack, the last ones."""
        start = len(self.stack) - count
        if start < (self._marks[-1] if self._marks else 0):
            raise IndexError("there is less on the stack than is taken from it")
        return self._cut(start)

    def remember(self, place: int | None) -> None:
        """Store the last value in the memo."""
        self._memo[len(self._memo) if place is None else place] = self.stack[-1]

    def recall(self, place: int) -> None:
        """Put a value of the memo on the stack."""
        self.stack.append(self._memo[place])

    def push_tuple(self, items: list[Any]) -> None:
        """Make a tuple of the last values."""
        made = tuple(items)
        depth = 1 + max((self._tuple_depths.get(id(item), (0,))[0] for item in items), default=0)
        if depth > DEEPEST:
            raise ValueError(f"tuples are nested more than {DEEPEST} deep")
        # With the tuple itself, so that no other object gets its id.
        self._tuple_depths[id(made)] = depth, made
        self.stack.append(made)

    def push_dict(self, items: list[Any]) -> None:
        """Make a dict of the marked keys and values."""
        self.stack.append({})
        self.set_items(items)

    def replace(self, value: Any) -> None:
        """Replace the last value."""
        self.take(1)
        self.stack.append(value)

    def add(self, items: list[Any]) -> None:
        """Add the marked values to the container below them."""
        target = self.stack[-1]
        if isinstance(target, (list, deque)):
            target.extend(items)
        elif isinstance(target, set):
            target.update(items)
        else:
            _expect_foreign(target)

    def set_items(self, items: list[Any]) -> None:
        """Set the marked keys and values in the dict below them."""
        target = self.stack[-1]
        if isinstance(target, dict):
            target.update(zip(items[::2], items[1::2], strict=True))
        else:
            _expect_foreign(target)

    def push_global(self) -> None:
        """Put the name of a class on the stack; nothing is imported."""
        module, name = self.take(2)
        if not (isinstance(module, str) and isinstance(name, str)):
            raise TypeError("a class is named by something else than text")
        self.stack.append(ForeignObject(f"{module}.{name}"))

    def call(self) -> None:
        """Note a call of a class by its name."""
        function, arguments = self.take(2)
        self.stack.append(_call(_expect_foreign(function), tuple(arguments)))

    def push_object(self, kind: ForeignObject) -> None:
        """Note the making of an object by the name of its class."""
        name = _expect_foreign(kind).name
        self.stack.append(UUID.__new__(UUID) if name == "uuid.UUID" else ForeignObject(name))

    def set_state(self) -> None:
        """Note the state of an object."""
        (state,) = self.take(1)
        target = self.stack[-1]
        if isinstance(target, UUID):
            for attribute in ("int", "is_safe"):
                object.__setattr__(target, attribute, getattr(UUID(int=state["int"]), attribute))
        else:
            _expect_foreign(target)

    def _cut(self, start: int) -> list[Any]:
        items = self.stack[start:]
        del self.stack[start:]
        return items


def _expect_foreign(value: Any) -> ForeignObject:
    if not isinstance(value, ForeignObject):
        raise TypeError(f"an opcode does not fit a {type(value).__name__}")
    return value


_PLAIN: Final[dict[str, Callable[..., Any]]] = {
    f"{kind.__module__}.{kind.__name__}": kind
    for kind in (
        *(set, frozenset, Decimal, OrderedDict, Counter, deque),
        *(datetime, date, time, timedelta, timezone),
    )
}
_FACTORIES: Final = {
    f"builtins.{kind.__name__}": kind for kind in (list, dict, set, int, float, str, bool, tuple)
}
_ZONE: Final = "zoneinfo.ZoneInfo._unpickle"
_TELEGRAM: Final = "_reconstruct_to"
"""With this python-telegram-bot's pickles begin an object of its own; its class is the first argument."""


def _call(function: ForeignObject, arguments: tuple[Any, ...]) -> Any:
    """Return what calling a function of this name gives: plain data, or a `ForeignObject`."""
    name = function.name
    if name == "builtins.getattr" and arguments[1:] == ("_unpickle",):
        return ForeignObject(f"{arguments[0].name}._unpickle")
    if name == "collections.defaultdict":
        return _defaultdict(*arguments)
    foreign = next((argument for argument in arguments if isinstance(argument, ForeignObject)), None)
    if foreign is not None and (name in _PLAIN or name.endswith(_TELEGRAM)):
        return ForeignObject(foreign.name)
    if name == "_codecs.encode" and arguments[1:] == ("latin1",):
        return arguments[0].encode("latin1")  # bytes, before protocol 3
    if name == _ZONE:
        return ZoneInfo(arguments[0])
    return _PLAIN[name](*arguments) if name in _PLAIN else ForeignObject(name)


def _defaultdict(factory: ForeignObject | None = None) -> Any:
    if factory is None:
        return defaultdict(None)
    kind: Any = _FACTORIES.get(factory.name)
    return ForeignObject(f"collections.defaultdict({factory.name})") if kind is None else defaultdict(kind)


_ARGUMENT_IS_THE_VALUE: Final = frozenset(
    opcode.name
    for opcode in pickletools.opcodes
    if opcode.arg is not None
    and not opcode.stack_before
    and [kind.name for kind in opcode.stack_after] not in ([], ["any"])
)
"""Opcodes of numbers, text and bytes."""

_OPCODES: Final[dict[str, Callable[[PickleMachine, Any], object]]] = {
    **dict.fromkeys(("PROTO", "FRAME", "STOP"), lambda _, __: None),
    "NONE": lambda machine, _: machine.stack.append(None),
    "NEWTRUE": lambda machine, _: machine.stack.append(True),
    "NEWFALSE": lambda machine, _: machine.stack.append(False),
    "EMPTY_LIST": lambda machine, _: machine.stack.append([]),
    "EMPTY_DICT": lambda machine, _: machine.stack.append({}),
    "EMPTY_SET": lambda machine, _: machine.stack.append(set()),
    "EMPTY_TUPLE": lambda machine, _: machine.stack.append(()),
    "LIST": lambda machine, _: machine.stack.append(machine.take_marked()),
    "DICT": lambda machine, _: machine.push_dict(machine.take_marked()),
    "FROZENSET": lambda machine, _: machine.stack.append(frozenset(machine.take_marked())),
    "TUPLE": lambda machine, _: machine.push_tuple(machine.take_marked()),
    "TUPLE1": lambda machine, _: machine.push_tuple(machine.take(1)),
    "TUPLE2": lambda machine, _: machine.push_tuple(machine.take(2)),
    "TUPLE3": lambda machine, _: machine.push_tuple(machine.take(3)),
    "APPEND": lambda machine, _: machine.add(machine.take(1)),
    "APPENDS": lambda machine, _: machine.add(machine.take_marked()),
    "ADDITEMS": lambda machine, _: machine.add(machine.take_marked()),
    "SETITEM": lambda machine, _: machine.set_items(machine.take(2)),
    "SETITEMS": lambda machine, _: machine.set_items(machine.take_marked()),
    "MARK": lambda machine, _: machine.mark(),
    "POP": lambda machine, _: machine.take(1),
    "POP_MARK": lambda machine, _: machine.take_marked(),
    "DUP": lambda machine, _: machine.stack.append(machine.stack[-1]),
    **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"), PickleMachine.remember),
    **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), PickleMachine.recall),
    "GLOBAL": lambda machine, name: machine.stack.append(ForeignObject(name)),
    "STACK_GLOBAL": lambda machine, _: machine.push_global(),
    "REDUCE": lambda machine, _: machine.call(),
    "NEWOBJ": lambda machine, _: machine.push_object(machine.take(2)[0]),
    "NEWOBJ_EX": lambda machine, _: machine.push_object(machine.take(3)[0]),
    "OBJ": lambda machine, _: machine.push_object(machine.take_marked()[0]),
    "INST": lambda machine, name: machine.push_object([ForeignObject(name), *machine.take_marked()][0]),
    "BUILD": lambda machine, _: machine.set_state(),
    "PERSID": lambda machine, _: machine.stack.append(ForeignObject("telegram.Bot")),
    "BINPERSID": lambda machine, _: machine.replace(ForeignObject("telegram.Bot")),
}
"""All but those that name classes by numbers of a registry, or buffers outside of the pickle."""
