"""Objects to back up."""

from __future__ import annotations

from typing import Any


class Model:
    """A value that a slider could move."""

    def __init__(self, value: float = 1.0) -> None:
        self.value = value
        self.needs_backup = False

    def backup(self) -> dict[str, Any]:
        return {"value": self.value}

    def restore(self, data: dict[str, Any]) -> None:
        self.value = data["value"]


class Other(Model):
    """Another class of the same module."""


class Broken(Model):
    """Cannot be backed up."""

    def backup(self) -> dict[str, Any]:
        raise RuntimeError("the sensor is unplugged")


class Choosy(Model):
    """Cannot be restored from what a Model stored."""

    def restore(self, data: dict[str, Any]) -> None:
        self.value = data["colour"]
