"""Subclasses that choose what is saved, migrate what they find, convert objects, or keep a backup."""

from __future__ import annotations

import json
import logging
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest

from botkeep.objects import StatefulObject

pytestmark = pytest.mark.usefixtures("home")


class Selective(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.myapp/state.json")
        self.config: dict[str, Any] = getattr(self, "config", {})
        self.user_data: dict[str, Any] = getattr(self, "user_data", {})
        self.cache: dict[str, Any] = {}

    def _get_state(self) -> dict[str, Any]:
        return {"config": self.config, "user_data": self.user_data}

    def _set_state(self, state: dict[str, Any]) -> None:
        self.config = state.get("config", {})
        self.user_data = state.get("user_data", {})


def test_only_chosen_fields_persist() -> None:
    app = Selective()
    app.config = {"theme": "dark"}
    app.cache = {"temp": "data"}
    app._save_state()
    restarted = Selective()

    assert restarted.config == {"theme": "dark"}
    assert restarted.cache == {}


class Migrating(StatefulObject):
    VERSION = 2

    def __init__(self) -> None:
        super().__init__(state_file="~/.myapp/state.json")
        self.version = getattr(self, "version", self.VERSION)
        self.config: dict[str, Any] = getattr(self, "config", {})

    def _set_state(self, state: dict[str, Any]) -> None:
        version = state.get("version", 1)
        if version == 1:
            old = state.get("settings", {})
            self.config = {"theme": old.get("ui_theme", "dark"), "timeout": old.get("request_timeout", 30)}
            self.version = 2
            self._save_state()
        elif version == 2:
            self.config = state.get("config", {})
            self.version = version
        else:
            self.config = {}
            self.version = self.VERSION


@pytest.fixture
def state_file(home: Path) -> Path:
    path = home / ".myapp" / "state.json"
    path.parent.mkdir()
    return path


def test_an_old_state_is_migrated_and_saved_while_it_is_loaded(state_file: Path) -> None:
    state_file.write_text('{"settings": {"ui_theme": "light", "request_timeout": 60}}')
    app = Migrating()

    assert app.config == {"theme": "light", "timeout": 60}
    assert app.version == 2
    migrated = {"version": 2, "config": {"theme": "light", "timeout": 60}}
    assert json.loads(state_file.read_text()) == migrated
    assert Migrating().config == app.config


def test_a_newer_state_is_kept_aside_when_it_is_overwritten(
    state_file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    newer = '{"version": 3, "profiles": [{"theme": "light"}]}'
    state_file.write_text(newer)
    with caplog.at_level(logging.WARNING):
        app = Migrating()
    untouched = state_file.read_text()
    app._save_state()
    app._save_state()

    assert (app.config, app.version, untouched) == ({}, 2, newer)
    assert "of version 3, this program knows 2" in caplog.text
    (aside,) = state_file.parent.glob("state.json.version-3-*")
    assert aside.read_text() == newer
    assert json.loads(state_file.read_text()) == {"version": 2, "config": {}}


@dataclass
class Server:
    name: str
    host: str
    port: int


class ServerManager(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.servers/state.json")
        self.servers: dict[str, Server] = getattr(self, "servers", {})

    def _get_state(self) -> dict[str, Any]:
        return {"servers": {name: asdict(server) for name, server in self.servers.items()}}

    def _set_state(self, state: dict[str, Any]) -> None:
        self.servers = {name: Server(**fields) for name, fields in state.get("servers", {}).items()}

    def add(self, server: Server) -> None:
        self.servers[server.name] = server
        self._save_state()


def test_objects_inside_the_state_come_back_as_objects() -> None:
    manager = ServerManager()
    manager.add(Server("prod", "prod.example.com", 443))
    restarted = ServerManager()

    assert isinstance(restarted.servers["prod"], Server)
    assert restarted.servers["prod"].host == manager.servers["prod"].host == "prod.example.com"


class BackedUp(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.myapp/state.json")
        self.count = getattr(self, "count", 0)

    def _save_state(self) -> None:
        if self._state_file.exists():
            shutil.copy2(self._state_file, self._state_file.with_suffix(".json.bak"))
        super()._save_state()


async def test_a_subclass_may_keep_a_backup_of_the_state_before(home: Path) -> None:
    app = BackedUp()
    for app.count in (1, 2):
        app._save_state()
    app.count = 3
    await app.save()

    backup = home / ".myapp" / "state.json.bak"
    assert (json.loads(backup.read_text()), BackedUp().count) == ({"count": 2}, 3)


class Awaiting(Selective):
    async def _set_state(self, state: dict[str, Any]) -> None:  # type: ignore[override] # the point
        super()._set_state(state)


def test_an_override_that_nobody_awaits_is_refused_and_the_file_stays() -> None:
    app = Selective()
    app.config = {"theme": "dark"}
    app._save_state()

    with pytest.raises(TypeError, match=r"Awaiting\._set_state\(\) is async"):
        Awaiting()

    assert Selective().config == {"theme": "dark"}
