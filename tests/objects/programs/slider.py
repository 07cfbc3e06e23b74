"""A page with a slider, whose value survives a restart."""

from __future__ import annotations

from typing import Any

from nicegui import app, ui

from botkeep.objects import FolderBackups


class Model:
    def __init__(self) -> None:
        self.value: float = 1.0
        self.needs_backup = False

    def restore(self, data: dict[str, Any]) -> None:
        self.value = data.get("value", 1.0)

    def backup(self) -> dict[str, Any]:
        return {"value": self.value}


backups = FolderBackups("~/.slider")
model = backups.register(Model())
app.on_startup(backups.start)
app.on_shutdown(backups.stop)


def page() -> None:
    ui.slider(min=0, max=10.0, step=0.1).bind_value(model, "value").props("label-always")


ui.run(page, title="Slider")
