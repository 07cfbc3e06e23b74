"""Order that an album passes together: none of its members waits for another, everybody else does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from botkeep import BaseStorage, DeadlockError, FSMContext, StateKey
from botkeep.fsm import AlbumOrdering


@pytest.fixture(params=["in one process", "in a storage"])
def ordering(request: pytest.FixtureRequest, storage: BaseStorage) -> AlbumOrdering:
    return AlbumOrdering(storage) if request.param == "in a storage" else AlbumOrdering()


async def test_members_of_one_album_run_at_the_same_time(ordering: AlbumOrdering) -> None:
    inside, all_inside = [0], asyncio.Event()

    async def member() -> None:
        async with ordering.of("user:7", "album"):
            inside[0] += 1
            if inside[0] == 4:
                all_inside.set()
            await asyncio.wait_for(all_inside.wait(), 10)

    await asyncio.gather(*(member() for _ in range(4)))

    assert inside == [4]


async def test_what_comes_after_an_album_waits_for_all_of_it(ordering: AlbumOrdering) -> None:
    log: list[str] = []
    first, go_on = asyncio.Event(), asyncio.Event()

    async def member(number: int) -> None:
        async with ordering.of("user:7", "album"):
            first.set()
            if number:
                await go_on.wait()
            log.append("photo")

    async def after() -> None:
        async with ordering.of("user:7"):
            log.append("after")

    members = [asyncio.create_task(member(number)) for number in range(3)]
    await first.wait()
    following = asyncio.create_task(after())
    for _ in range(20):
        await asyncio.sleep(0)
    go_on.set()
    await asyncio.gather(*members, following)

    assert log == ["photo", "photo", "photo", "after"]


async def test_two_albums_of_one_user_and_two_users_of_one_album_are_apart(ordering: AlbumOrdering) -> None:
    inside: set[str] = set()

    async def block(key: str, album: str) -> None:
        async with ordering.of(key, album):
            assert key not in inside
            inside.add(key)
            await asyncio.sleep(0.001)
            inside.remove(key)

    await asyncio.gather(block("a", "1"), block("a", "2"), block("b", "1"), block("a", "3"))

    assert not ordering._albums


async def test_a_cancelled_first_member_leaves_the_lock_to_the_others(ordering: AlbumOrdering) -> None:
    log: list[int] = []

    async def member(number: int) -> None:
        async with ordering.of("user:7", "album"):
            log.append(number)

    async with ordering.of("user:7"):
        tasks = [asyncio.create_task(member(number)) for number in range(3)]
        await asyncio.sleep(0)
        tasks[0].cancel()
        await asyncio.wait([tasks[0]])
        tasks[1].cancel()
        await asyncio.wait([tasks[1]])
    await asyncio.wait_for(tasks[2], 10)

    assert log == [2]
    assert not ordering._albums


async def test_a_member_that_fails_is_alone_with_it(ordering: AlbumOrdering) -> None:
    async def member(number: int) -> int:
        async with ordering.of("user:7", "album"):
            if number % 2:
                raise ZeroDivisionError
            return number

    results = await asyncio.gather(*(member(number) for number in range(4)), return_exceptions=True)

    assert [type(result).__name__ for result in results] == ["int", "ZeroDivisionError"] * 2
    assert not ordering._albums


@pytest.mark.parametrize("by_way_of", ["itself", "wait_for", "gather", "a task"])
async def test_a_member_that_asks_again_is_refused_rather_than_waiting_for_itself(
    ordering: AlbumOrdering, by_way_of: str
) -> None:
    refused: list[str] = []
    inside, all_inside = [0], asyncio.Event()

    async def again() -> None:
        async with ordering.of("user:7"):
            pass

    async def member() -> None:
        async with ordering.of("user:7", "album"):
            inside[0] += 1
            if inside[0] == 3:
                all_inside.set()
            await all_inside.wait()
            ways: dict[str, Callable[[], Awaitable[object]]] = {
                "itself": again,
                "wait_for": lambda: asyncio.wait_for(again(), 10),
                "gather": lambda: asyncio.gather(again()),
                "a task": lambda: asyncio.create_task(again()),
            }
            try:
                await ways[by_way_of]()
            except DeadlockError as error:
                refused.append(error.identifier)

    await asyncio.wait_for(asyncio.gather(member(), member(), member()), 20)

    assert refused == ["user:7"] * 3


async def test_members_write_with_the_fence_of_the_lock_that_is_held_for_them(storage: BaseStorage) -> None:
    ordering, key = AlbumOrdering(storage), StateKey(42, 7, 7)
    inside, all_inside = [0], asyncio.Event()

    async def member(number: int) -> None:
        async with ordering.of(key, "album"):
            inside[0] += 1
            if inside[0] == 3:
                all_inside.set()
            await all_inside.wait()
            await FSMContext(storage, key).update_data({f"f{number}": number})

    async with ordering.of(key):
        await FSMContext(storage, key).update_data(first=0)
    before = await storage.namespace("fsm").get_state(key.identifier)
    await asyncio.gather(*(member(number) for number in range(3)))
    record = await storage.namespace("fsm").get_state(key.identifier)

    assert record["data"] == {"first": 0, "f0": 0, "f1": 1, "f2": 2}
    assert record["fence"] > before["fence"]
