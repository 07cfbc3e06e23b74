"""What people build on StatefulObject: after a restart, here a new object, everything is as it was."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from botkeep.objects import StatefulObject, profile_path

pytestmark = pytest.mark.usefixtures("home")


class Counter(StatefulObject):
    def __init__(self, state_file: str = "~/.counter/state.json") -> None:
        super().__init__(state_file=state_file)
        self.count = getattr(self, "count", 0)

    def increment(self) -> None:
        self.count += 1
        self._save_state()

    def decrement(self) -> None:
        self.count -= 1
        self._save_state()


def test_a_counter_goes_on_where_it_was(home: Path) -> None:
    counter = Counter()
    counter.increment()
    counter.increment()
    restarted = Counter()
    found = restarted.count
    restarted.decrement()

    assert (counter.count, found, Counter().count) == (2, 2, 1)
    assert json.loads((home / ".counter" / "state.json").read_text()) == {"count": 1}


class Configuration(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.myapp/config.json")
        self.config = getattr(self, "config", {"theme": "dark", "timeout": 30, "debug": False})

    def update(self, **settings: Any) -> None:
        self.config.update(settings)
        self._save_state()

    def get(self, key: str, default: Any = None) -> Any:
        return self.config.get(key, default)


def test_a_configuration_keeps_changes_and_defaults() -> None:
    before = Configuration().get("theme")
    config = Configuration()
    config.update(theme="light", timeout=60)
    restarted = Configuration()

    assert (before, config.get("theme"), restarted.get("theme")) == ("dark", "light", "light")
    assert restarted.config == {"theme": "light", "timeout": 60, "debug": False}
    assert restarted.get("absent", 1) == 1


class Servers(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.myapp/servers.json")
        self.servers: dict[str, Any] = getattr(self, "servers", {})

    def add(self, name: str, config: dict[str, Any]) -> None:
        self.servers[name] = config
        self._save_state()

    def remove(self, name: str) -> None:
        if name in self.servers:
            del self.servers[name]
            self._save_state()

    def get(self, name: str) -> dict[str, Any] | None:
        return self.servers.get(name)


def test_a_registry_keeps_what_was_added_and_forgets_what_was_removed() -> None:
    registry = Servers()
    registry.add("prod", {"host": "prod.example.com", "port": 443})
    registry.add("test", {"host": "test.example.com", "port": 80})
    registry.remove("test")
    registry.remove("never there")

    assert Servers().get("prod") == {"host": "prod.example.com", "port": 443}
    assert Servers().get("test") is None


class Drafts(StatefulObject):
    def __init__(self) -> None:
        super().__init__(state_file="~/.mcp/drafts.json")
        self.drafts: dict[str, Any] = getattr(self, "drafts", {})

    async def draft(self, server: str, config: dict[str, Any]) -> dict[str, Any]:
        self.drafts[server] = {"config": config, "timestamp": time.time()}
        await self.save()
        return {"action": "drafted", "server": server}

    async def commit(self, server: str, committed: dict[str, Any]) -> dict[str, Any]:
        if server not in self.drafts:
            return {"error": "no_draft", "message": f"No draft found for server {server!r}"}
        committed[server] = self.drafts.pop(server)["config"]
        await self.save()
        return {"action": "committed", "server": server}


async def test_drafts_survive_until_they_are_committed() -> None:
    committed: dict[str, Any] = {}
    await Drafts().draft("prod", {"port": 443})
    restarted = Drafts()
    drafted = dict(restarted.drafts)
    first = await restarted.commit("prod", committed)
    again = await Drafts().commit("prod", committed)

    assert drafted["prod"]["config"] == {"port": 443}
    assert drafted["prod"]["timestamp"] == pytest.approx(time.time(), abs=60)
    assert first == {"action": "committed", "server": "prod"}
    assert again == {"error": "no_draft", "message": "No draft found for server 'prod'"}
    assert committed == {"prod": {"port": 443}}


class Manager(StatefulObject):
    only: Manager | None = None

    def __init__(self) -> None:
        super().__init__(state_file="~/.myapp/state.json")
        self.data: dict[str, str] = getattr(self, "data", {})

    @classmethod
    def get(cls) -> Manager:
        cls.only = cls.only or cls()
        return cls.only


async def test_tools_share_one_manager_and_restarts_find_its_data() -> None:
    async def save_data(key: str, value: str) -> None:
        manager = Manager.get()
        manager.data[key] = value
        manager._save_state()

    await save_data("a", "1")
    await save_data("b", "2")
    Manager.only = None

    assert Manager.get().data == {"a": "1", "b": "2"}


class Profile(StatefulObject):
    def __init__(self, profile: str = "default") -> None:
        super().__init__(state_file=f"~/.myapp/profiles/{profile}.json")
        self.profile = profile
        self.settings: dict[str, Any] = getattr(self, "settings", {})


class CheckedProfile(StatefulObject):
    def __init__(self, profile: str = "default") -> None:
        super().__init__(state_file=profile_path("~/.myapp/profiles", profile))
        self.settings: dict[str, Any] = getattr(self, "settings", {})


@pytest.mark.parametrize("kind", [Profile, CheckedProfile])
def test_profiles_have_files_of_their_own(home: Path, kind: type[Profile]) -> None:
    production, development = kind("production"), kind("development")
    production.settings["debug"] = False
    development.settings["debug"] = True
    production._save_state()
    development._save_state()

    assert kind("production").settings == {"debug": False}
    assert kind("development").settings == {"debug": True}
    assert kind().settings == {}
    names = sorted(found.name for found in (home / ".myapp" / "profiles").iterdir())
    assert names == ["development.json", "production.json"]
