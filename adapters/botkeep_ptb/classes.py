"""References to classes by name, for values of enums and named tuples. No module is ever imported for one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

_MAIN: Final = "__main__"


def reference_to(kind: type) -> tuple[str, str] | None:
    """Return the module and the qualified name under which `find_class` finds a class; None: it cannot.

    A class of the program that was started (``python bot.py``) gets the name that others import it by.
    """
    module = _name_of_main() if kind.__module__ == _MAIN else kind.__module__
    found = find_class(module, kind.__qualname__, lambda other: other is kind)
    return (module, kind.__qualname__) if found is kind else None


def find_class(module: str, qualified_name: str, fits: Callable[[type], bool]) -> type | None:
    """Return a loaded class that fits; None: there is none.

    One in another module is taken too if it is the only one of this name that fits: a class may move, and a
    program that was started is imported another time.
    """
    for name in [module, _MAIN] if module == _name_of_main() else [module]:
        found = _class_in(sys.modules.get(name), qualified_name)
        if found is not None and fits(found):
            return found
    elsewhere = {
        found
        for loaded in list(sys.modules.values())
        if (found := _class_in(loaded, qualified_name)) is not None and fits(found)
    }
    return elsewhere.pop() if len(elsewhere) == 1 else None


def _class_in(module: Any, qualified_name: str) -> type | None:
    # Not getattr on a module: some of them import others when asked for a name.
    first, *rest = qualified_name.split(".")
    found = getattr(module, "__dict__", {}).get(first)
    for part in rest:
        found = getattr(found, part, None)
    return found if isinstance(found, type) and found.__qualname__ == qualified_name else None


def _name_of_main() -> str:
    """Return the name by which other programs import the one that was started."""
    main = sys.modules[_MAIN]
    if main.__spec__ is not None:  # python -m bot
        return main.__spec__.name.removesuffix(f".{_MAIN}")
    path = getattr(main, "__file__", None)
    return Path(path).stem if path else _MAIN
