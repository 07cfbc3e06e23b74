"""What `store` and `user` have in common: documents under keys."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from botkeep import MemoryStorage
from botkeep.abc import BaseStorage
from botkeep.ambient import Store, acting_user, store, user
from botkeep.ambient.configuration import choice
from botkeep.errors import DocumentError, IdentifierError, NotACounterError
from botkeep.testing import FakeClock

pytestmark = pytest.mark.usefixtures("storage")


@pytest.fixture(params=["store", "a plugin's store", "user", "a plugin's user"])
def kept(request: pytest.FixtureRequest) -> Iterator[Store]:
    stores = {
        "store": store,
        "a plugin's store": store.plugin("todo"),
        "user": user,
        "a plugin's user": user.plugin("todo"),
    }
    with acting_user(42):
        yield stores[request.param]


async def test_what_is_saved_is_loaded(kept: Store) -> None:
    await kept.save("theme", {"color": "dark"})

    assert await kept.load("theme") == {"color": "dark"}


async def test_an_absent_key_loads_the_default(kept: Store) -> None:
    assert await kept.load("theme") is None
    assert await kept.load("theme", {}) == {}


async def test_a_stored_none_is_not_absent(kept: Store) -> None:
    await kept.save("theme", None)

    assert await kept.load("theme", "default") is None
    assert await kept.exists("theme")


async def test_save_replaces_and_does_not_merge(kept: Store) -> None:
    await kept.save("theme", {"color": "dark", "font": "big"})
    await kept.save("theme", {"color": "light"})

    assert await kept.load("theme") == {"color": "light"}


@pytest.mark.parametrize(
    "value",
    [
        9,
        9.0,
        2**70,
        -0.0,
        1e16,
        12345678901234567890123,
        "9",
        True,
        None,
        [1, "a"],
        {},
        date(2026, 11, 21),
        {1, 2},
    ],
)
async def test_types_come_back_as_they_were(kept: Store, value: Any) -> None:
    await kept.save("value", value)
    loaded = await kept.load("value")

    assert loaded == value
    assert type(loaded) is type(value)
    assert repr(loaded) == repr(value)


async def test_save_returns_the_value_as_it_will_be_loaded(kept: Store) -> None:
    pair = (1, 2)
    saved = await kept.save("pair", {1: pair})

    assert saved == {"1": [1, 2]} == await kept.load("pair")
    saved["1"].append(3)
    assert await kept.load("pair") == {"1": [1, 2]}


async def test_a_value_that_cannot_be_kept_is_named_and_nothing_is_written(kept: Store) -> None:
    await kept.save("todos", ["milk"])

    with pytest.raises(DocumentError, match=r"items\[1\]"):
        await kept.save("todos", {"items": [1, object()]})
    assert await kept.load("todos") == ["milk"]


async def test_delete_says_whether_there_was_something(kept: Store) -> None:
    await kept.save("theme", 1)

    assert await kept.delete("theme")
    assert not await kept.delete("theme")
    assert not await kept.exists("theme")


async def test_20_increments_at_once_make_20(kept: Store) -> None:
    totals = await asyncio.gather(*(kept.increment("hits") for _ in range(20)))

    assert sorted(totals) == list(range(1, 21))
    assert await kept.load("hits") == 20


async def test_20_updates_at_once_keep_every_change(kept: Store) -> None:
    async def add(number: int) -> None:
        await kept.update("todos", lambda todos: [*todos, number], default=[])

    await asyncio.gather(*(add(number) for number in range(20)))

    assert sorted(await kept.load("todos")) == list(range(20))


async def test_an_increment_of_something_else_raises_and_leaves_it(kept: Store) -> None:
    await kept.save("todos", ["milk"])

    with pytest.raises(NotACounterError, match="todos"):
        await kept.increment("todos")
    assert await kept.load("todos") == ["milk"]


async def test_keys_lists_what_matches_in_order(kept: Store) -> None:
    for key in ["todo:b", "todo:a", "theme", "todo[1]", "/todo"]:
        await kept.save(key, 1)

    assert await kept.keys() == ["/todo", "theme", "todo:a", "todo:b", "todo[1]"]
    assert await kept.keys("todo:*") == ["todo:a", "todo:b"]
    assert await kept.keys("todo[[]*") == ["todo[1]"]
    assert await kept.keys("[!t]*") == ["/todo"]


async def test_what_has_a_time_to_live_is_gone_after_it(kept: Store, clock: FakeClock) -> None:
    await kept.save("code", "1234", ttl=60)
    await kept.increment("tries", ttl=60)
    clock.advance(60)

    assert await kept.load("code") is None
    assert await kept.increment("tries") == 1


async def test_an_update_keeps_the_time_to_live(kept: Store, clock: FakeClock) -> None:
    await kept.save("code", "1234", ttl=60)
    await kept.update("code", str.upper)
    clock.advance(60)

    assert not await kept.exists("code")


@pytest.mark.parametrize("key", ["", "a\0b", 5, None, b"x", "x" * 1025])
async def test_a_key_that_is_no_identifier_is_refused_at_once(kept: Store, key: Any) -> None:
    for method in (kept.load, kept.exists, kept.delete, kept.increment):
        with pytest.raises(IdentifierError):
            await method(key)
    with pytest.raises(IdentifierError):
        await kept.save(key, 1)


async def test_a_pattern_that_is_no_text_is_refused(kept: Store) -> None:
    pattern: Any = 5

    with pytest.raises(TypeError, match="a pattern must be a str"):
        await kept.keys(pattern)


async def test_plugins_and_the_bot_are_walled_off(storage: BaseStorage) -> None:
    places = [store, store.plugin("a"), store.plugin("a/b"), store.plugin("plugins"), store.plugin("A")]
    for number, place in enumerate(places):
        await place.save("b/key", number)
        await place.save("key", number)

    assert [await place.load("key") for place in places] == list(range(5))
    assert [await place.keys() for place in places] == [["b/key", "key"]] * 5
    assert await storage.list_keys() == []


async def test_a_plugin_needs_a_name_and_has_no_plugins() -> None:
    with pytest.raises(IdentifierError):
        store.plugin("")
    with pytest.raises(TypeError, match="<store, plugin 'a'> is a plugin's own"):
        store.plugin("a").plugin("b")


@pytest.mark.parametrize("ambient", [store, user, store.plugin("todo")])
def test_nothing_can_be_set_on_a_store(ambient: Any) -> None:
    for name in ("flag", "save", "_plugin", "__dict__"):
        with pytest.raises(AttributeError, match="takes no attributes"):
            setattr(ambient, name, 1)
    with pytest.raises(AttributeError, match="no attributes to delete"):
        del ambient.save


async def test_the_layout_is_the_one_that_is_documented(storage: BaseStorage) -> None:
    with acting_user(42):
        for place in (store, store.plugin("todo"), user, user.plugin("todo")):
            await place.save("theme", "dark")
    paths = await storage._namespaces()
    kept = {(path, key) for path in paths async for page in storage._scan(path, "") for key in page}

    assert kept == {
        ("ambient/store", "theme"),
        ("ambient/store/plugins", "todo/theme"),
        ("ambient/users/42", "theme"),
        ("ambient/users/42/plugins", "todo/theme"),
    }


async def test_what_is_saved_stays_though_dialogues_of_the_storage_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    clock = FakeClock()
    async with MemoryStorage(60, clock=clock) as storage:
        monkeypatch.setattr(choice, "configured", storage)
        await store.save("theme", "dark")
        await store.update("colours", lambda colours: [*colours, "red"], default=[])
        await store.increment("visits")
        clock.advance(61)

        assert await store.keys() == ["colours", "theme", "visits"]
