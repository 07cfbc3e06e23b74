"""Whose data `user` means."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.ambient import acting_user, erase_user, store, user
from botkeep.errors import BotkeepError, IdentifierError, NoUserError

pytestmark = pytest.mark.usefixtures("storage")


async def test_users_never_see_each_others_data() -> None:
    with acting_user("alice"):
        await user.save("todos", ["milk"])
    with acting_user("bob"):
        assert await user.load("todos") is None
        assert await user.keys() == []
        await user.save("todos", ["beer"])
    with acting_user("alice"):
        assert await user.load("todos") == ["milk"]
    assert await store.load("todos") is None


@pytest.mark.parametrize("call", ["load", "exists", "delete", "increment"])
async def test_outside_a_handler_there_is_no_user(call: str) -> None:
    with pytest.raises(NoUserError, match="no handler is running") as caught:
        await getattr(user, call)("todos")

    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value, BotkeepError)
    assert not caught.value.handling


async def test_a_handler_without_a_user_is_told_so() -> None:
    with acting_user(None), pytest.raises(NoUserError, match="nobody sent") as caught:
        await user.load("todos")

    assert caught.value.handling


async def test_a_handler_without_a_user_inside_of_one_with_a_user_has_none() -> None:
    with acting_user(1):
        with acting_user(None), pytest.raises(NoUserError):
            await user.load("todos")
        assert await user.load("todos") is None


async def test_the_inner_of_two_users_acts_and_the_outer_comes_back() -> None:
    with acting_user(1):
        with acting_user(2):
            await user.save("name", "two")
        await user.save("name", "one")
    with acting_user(2):
        assert await user.load("name") == "two"


async def test_an_error_in_a_handler_ends_its_user_too() -> None:
    with pytest.raises(ZeroDivisionError), acting_user(1):
        _ = 1 / 0

    assert repr(user) == "<user: no handler is running>"


async def test_a_number_and_its_text_are_one_user() -> None:
    with acting_user(1):
        await user.save("name", "one")
    with acting_user("1"):
        assert await user.load("name") == "one"


@pytest.mark.parametrize(
    "user_id", ["a/b", "a%2Fb", "a", "b", "A", "*", "../x", "42/plugins", "42", "ü", "a b "]
)
async def test_users_with_odd_ids_are_kept_apart(user_id: str) -> None:
    others = {"a/b", "a%2Fb", "a", "b", "A", "*", "../x", "42/plugins", "42", "ü", "a b ", "a b"} - {user_id}
    with acting_user(user_id):
        await user.plugin("todo").save("name", user_id)
        await user.save("name", user_id)
    for other in others:
        with acting_user(other):
            assert await user.keys() == []
            assert await user.plugin("todo").keys() == []


@pytest.mark.parametrize("user_id", ["", "a\0b", True, 1.5, b"1", "x" * 1025])
async def test_what_is_no_id_is_refused(user_id: Any) -> None:
    with pytest.raises(IdentifierError):
        acting_user(user_id)
    with pytest.raises(IdentifierError):
        await erase_user(user_id)


async def test_handlers_at_once_have_their_own_user() -> None:
    async def handler(user_id: int) -> int:
        with acting_user(user_id):
            await user.save("id", user_id)
            await asyncio.sleep(0)
            found: int = await user.load("id")
            return found

    assert await asyncio.gather(*(handler(number) for number in range(50))) == list(range(50))


async def test_a_task_has_the_user_in_whose_handler_it_began() -> None:
    async def meanwhile() -> None:
        await asyncio.sleep(0)
        await user.save("name", "alice's")

    with acting_user("alice"):
        task = asyncio.create_task(meanwhile())
        with acting_user("bob"):
            await task
            assert await user.load("name") is None
        assert await user.load("name") == "alice's"


async def test_a_scheduler_that_a_handler_started_acts_for_nobody_once_it_has_ended() -> None:
    jobs: asyncio.Queue[str] = asyncio.Queue()

    async def schedule() -> None:
        for _ in range(2):
            name = await jobs.get()
            if name == "bob's job":
                with acting_user("bob"):
                    await user.save("job", name)
            else:
                await user.save("job", name)

    with acting_user("alice"):
        scheduler = asyncio.create_task(schedule())
        await asyncio.sleep(0)
    await jobs.put("bob's job")
    await jobs.put("somebody's job")
    with pytest.raises(NoUserError, match="has ended") as caught:
        await scheduler

    assert caught.value.ended
    with acting_user("alice"):
        assert await user.load("job") is None
    with acting_user("bob"):
        assert await user.load("job") == "bob's job"


async def test_a_thread_keeps_the_user_in_whose_handler_it_began() -> None:
    loop = asyncio.get_running_loop()

    def work() -> str:
        asyncio.run_coroutine_threadsafe(user.save("name", "hers"), loop).result(5)
        return repr(user)

    with acting_user("alice"):
        assert await asyncio.to_thread(work) == "<user: 'alice'>"
        assert await user.load("name") == "hers"


async def test_a_call_is_for_the_user_who_acted_when_it_was_made() -> None:
    with acting_user("alice"):
        save = user.save("name", "hers")
    with acting_user("bob"):
        await save
        assert await user.load("name") is None
    with acting_user("alice"):
        assert await user.load("name") == "hers"


def test_showing_the_user_never_raises() -> None:
    assert repr(user) == "<user: no handler is running>"
    with acting_user(None):
        assert repr(user) == "<user: this handler has no user>"
    with acting_user(42):
        assert repr(user.plugin("todo")) == "<user: '42', plugin 'todo'>"
    assert repr(store) == "<store>"


def test_looking_for_an_attribute_never_raises() -> None:
    assert not hasattr(user, "name")
    assert hasattr(user, "save")


async def test_erasing_a_user_removes_all_of_one_and_nothing_of_others() -> None:
    for user_id in (1, 11, "1/x"):
        with acting_user(user_id):
            await user.save("name", "x")
            await user.save("todos", [])
            await user.plugin("todo").save("name", "x")
            await user.plugin("notes").save("name", "x")
    await store.save("name", "x")

    assert await erase_user("1") == 4
    assert await erase_user(1) == 0
    with acting_user(1):
        assert await user.keys() == await user.plugin("todo").keys() == []
    for user_id in (11, "1/x"):
        with acting_user(user_id):
            assert await user.keys() == ["name", "todos"]
            assert await user.plugin("notes").keys() == ["name"]
    assert await store.exists("name")


async def test_erasing_leaves_the_dialogues_alone(storage: BaseStorage) -> None:
    await storage.set_state("1", {"name": "Order:size", "data": {}})
    await erase_user(1)

    assert await storage.exists("1")
