"""View classes by name, so that a stored view finds the class that made it.

The name is ``module.qualname``: two extensions may each have a class ``Panel``. A bare name, as older data
has it, finds a class if it is the only one of that name; so does the name of a class in a script, whose
module is ``__main__`` when it is run and something else when it is imported.
"""

from __future__ import annotations

_SCRIPT = "__main__"

_classes: dict[str, type] = {}


def name_of(view_class: type) -> str:
    """Return the name under which views of this class are stored."""
    return f"{view_class.__module__}.{view_class.__qualname__}"


def register(view_class: type) -> None:
    """Make a class known; one of the same name, from a module that was loaded anew, takes its place."""
    _classes[name_of(view_class)] = view_class
    for former in view_class.__dict__.get("former_names", ()):
        _classes[former] = view_class


def find(name: str) -> type | None:
    """Return the class of this name; None: no module that is loaded has it, or several have the bare name."""
    found = _classes.get(name)
    if found is not None:
        return found
    module, _, bare = name.rpartition(".")
    namesakes = {view_class for view_class in _classes.values() if view_class.__name__ == bare}
    if module == _SCRIPT or not module:
        candidates = namesakes
    else:
        candidates = {view_class for view_class in namesakes if view_class.__module__ == _SCRIPT}
    return candidates.pop() if len(candidates) == 1 else None


def is_newest(view_class: type) -> bool:
    """Whether no other class has taken the name of this one, as a module that is loaded anew brings it."""
    return _classes.get(name_of(view_class), view_class) is view_class


def snapshot() -> dict[str, type]:
    """Return the classes by name, as they are now."""
    return dict(_classes)


def roll_back(former: dict[str, type]) -> None:
    """Give names back to the classes that had them: the module that took them could not be loaded."""
    _classes.update(former)
