from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from tests.adapters.discord.bots import Bot, Counter, row, running
from tests.adapters.discord.server import DiscordServer

from botkeep import MemoryStorage, StorageFormatError
from botkeep_discord import (
    FileStorageBackend,
    SQLiteBackend,
    StateSerializer,
    StorageBackend,
    migrate_storage,
    setup_persistence,
)
from botkeep_discord.backends.builtin import StoredBackend

STATE: dict[str, Any] = {
    "application": {"theme": "dark", "seen": {1, 2}, "since": datetime(2026, 11, 21, tzinfo=timezone.utc)},
    "persistent_views": {"lobby": row(guild_id=None)},
}


class JsonFile:
    """A backend as a user writes one."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def save_state(self, state: dict[str, Any]) -> bool:
        self.path.write_text(json.dumps(state))
        return True

    async def load_state(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.path.read_text()) if self.path.exists() else {}
        return found


MAKERS: dict[str, Callable[[Path], StorageBackend]] = {
    "file": lambda folder: FileStorageBackend(folder / "state.json"),
    "sqlite": lambda folder: SQLiteBackend(folder / "state.db"),
    "own": lambda folder: JsonFile(folder / "own.json"),
}

each_backend = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@each_backend
async def test_a_new_backend_has_an_empty_state(
    make: Callable[[Path], StorageBackend], tmp_path: Path
) -> None:
    assert await make(tmp_path).load_state() == {}


@pytest.mark.parametrize("make", [MAKERS["file"], MAKERS["sqlite"]], ids=["file", "sqlite"])
async def test_a_state_comes_back_with_the_types_it_had(
    make: Callable[[Path], StorageBackend], tmp_path: Path
) -> None:
    saved = await make(tmp_path).save_state(STATE)

    assert saved is True
    assert await make(tmp_path).load_state() == STATE


async def test_rows_that_a_saved_state_leaves_out_are_removed_if_it_has_any(tmp_path: Path) -> None:
    backend = SQLiteBackend(tmp_path / "state.db")
    await backend.save_state({"persistent_views": {"one": row(), "two": row()}, "theme": "dark"})
    await backend.save_state({"theme": "light"})
    kept = await backend.load_state()
    await backend.save_state({"persistent_views": {"two": row()}})
    left = await backend.load_state()

    assert sorted(kept["persistent_views"]) == ["one", "two"]
    assert kept["theme"] == "light"
    assert sorted(left["persistent_views"]) == ["two"]


@each_backend
async def test_views_live_in_every_backend(
    server: DiscordServer, make: Callable[[Path], StorageBackend], tmp_path: Path
) -> None:
    async with running(Bot(backend=make(tmp_path))) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        await server.click(message.id, "add")
    async with running(Bot(backend=make(tmp_path))) as bot:
        answer = await server.click(message.id, "add")
    state = await make(tmp_path).load_state()

    assert bot.summary["restored"] == ["lobby"]
    assert answer["data"]["content"] == "2 clicks"
    assert state is not None
    assert state["persistent_views"]["lobby"]["message_id"] == message.id


@pytest.mark.parametrize("source", MAKERS)
@pytest.mark.parametrize("target", MAKERS)
async def test_views_and_their_state_move_from_any_backend_to_any_other(
    server: DiscordServer, source: str, target: str, tmp_path: Path
) -> None:
    (tmp_path / "target").mkdir()
    async with running(Bot(backend=MAKERS[source](tmp_path))) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        await server.click(message.id, "add")
    moved = await migrate_storage(MAKERS[source](tmp_path), MAKERS[target](tmp_path / "target"))
    async with running(Bot(backend=MAKERS[target](tmp_path / "target"))):
        answer = await server.click(message.id, "add")

    assert moved is True
    assert answer["data"]["content"] == "2 clicks"


async def test_there_may_be_nothing_to_move(tmp_path: Path) -> None:
    target = SQLiteBackend(tmp_path / "state.db")

    assert await migrate_storage(FileStorageBackend(tmp_path / "none.json"), target) is False


async def test_a_plain_json_state_of_another_layer_can_be_migrated(
    server: DiscordServer, tmp_path: Path
) -> None:
    old = {
        "sessions": {},
        "application": {"theme": "dark"},
        "persistent_views": {
            "lobby": {
                "state_key": "lobby",
                "class_name": "Counter",
                "message_id": "900",
                "channel_id": "77",
                "guild_id": None,
                "user_id": "7",
                "registered_at": "2025-06-01T12:00:00+00:00",
            }
        },
    }
    (tmp_path / "old_state.json").write_text(json.dumps(old, indent=2))
    server.rest.add_message(900)
    moved = await migrate_storage(
        source=FileStorageBackend(tmp_path / "old_state.json"), target=SQLiteBackend(tmp_path / "bot.db")
    )
    async with running(Bot(backend=SQLiteBackend(tmp_path / "bot.db"))) as bot:
        answer = await server.click(900, "add")
        state = await bot.options["backend"].load_state()

    assert moved is True
    assert json.loads((tmp_path / "old_state.json").read_text()) == old
    assert answer["data"]["content"] == "1 clicks"
    assert state["application"] == {"theme": "dark"}
    assert state["persistent_views"]["lobby"]["user_id"] == 7


@pytest.mark.parametrize("content", ['{"persistent_views": {"lob', '{"botkeep": 99}', "[]"])
async def test_a_file_that_cannot_be_read_is_an_error_and_stays_as_it_is(
    tmp_path: Path, content: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text(content)
    with pytest.raises(StorageFormatError):
        await FileStorageBackend(path).load_state()
    with pytest.raises(StorageFormatError):
        await setup_persistence(file_path=path)

    assert path.read_text() == content


async def test_a_damaged_file_never_replaces_the_good_backup(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    await FileStorageBackend(path).save_state(STATE)
    backup = (tmp_path / "state.json.bak").read_text()
    path.write_text(path.read_text()[:40])
    with pytest.warns(UserWarning, match="state.json"):
        state = await FileStorageBackend(path).load_state()

    assert state == STATE
    assert (tmp_path / "state.json.bak").read_text() == backup


async def test_what_cannot_be_stored_is_named_and_nothing_is(tmp_path: Path) -> None:
    backend = SQLiteBackend(tmp_path / "state.db")
    await backend.save_state(STATE)
    with pytest.raises(TypeError, match=r"application\.bot: a object cannot be stored"):
        await backend.save_state({"application": {"bot": object()}})

    assert await backend.load_state() == STATE


async def test_a_backend_that_a_bot_uses_stays_open(server: DiscordServer, tmp_path: Path) -> None:
    backend = SQLiteBackend(tmp_path / "bot.db")
    async with running(Bot(backend=backend)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        state = await backend.load_state()
        answer = await server.click(message.id, "add")

    assert list(state["persistent_views"]) == ["lobby"]
    assert answer["data"]["content"] == "1 clicks"


def test_the_serializer_goes_both_ways() -> None:
    text = StateSerializer.serialize(STATE)

    assert StateSerializer.deserialize(text) == STATE
    assert StateSerializer.deserialize('{"plain": [1, 2.0, null]}') == {"plain": [1, 2.0, None]}
    with pytest.raises(TypeError, match=r"bot: a object cannot be stored"):
        StateSerializer.serialize({"bot": object()})


def test_backends_are_recognized_by_their_two_methods(tmp_path: Path) -> None:
    assert isinstance(JsonFile(tmp_path), StorageBackend)
    assert isinstance(StoredBackend(MemoryStorage()), StorageBackend)
    assert not isinstance(MemoryStorage(), StorageBackend)


@pytest.mark.parametrize("make", [SQLiteBackend, FileStorageBackend])
async def test_whole_states_may_be_saved_and_loaded_at_the_same_time(make: Any, tmp_path: Path) -> None:
    backend = make(str(tmp_path / "state"))

    saved = await asyncio.gather(*(backend.save_state({"number": number}) for number in range(3)))
    loaded = await asyncio.gather(*(backend.load_state() for _ in range(3)))

    assert saved == [True] * 3
    assert loaded == [{"number": 2}] * 3
