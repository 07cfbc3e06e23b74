"""A group becomes a supergroup: its dialogues move along, whatever happens on the way."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from botkeep import BaseStorage, FSMContext, Ordering, StateKey, StorageUnavailableError
from botkeep.fsm import move_dialogues
from botkeep.testing import FakeClock

BOT, GROUP, SUPERGROUP = 42, -7, -1001


def keys_in(chat: int) -> list[StateKey]:
    """A member, a topic, a scene, a business connection, an anonymous administrator or the whole chat."""
    member = StateKey(BOT, chat, 8)
    return [
        member,
        replace(member, thread_id=3),
        replace(member, destiny="scene/%*"),
        replace(member, business_connection_id="b"),
        StateKey(BOT, chat, chat),
    ]


async def move(storage: Any) -> Any:
    return await move_dialogues(storage, BOT, GROUP, SUPERGROUP)


async def test_every_dialogue_of_the_chat_is_in_the_new_one_and_no_longer_in_the_old(
    storage: BaseStorage,
) -> None:
    for number, key in enumerate(keys_in(GROUP)):
        await FSMContext(storage, key, history=2).set_state(f"Moved:{number}")
        await FSMContext(storage, key).update_data(number=number)

    result = await move(storage)

    assert result == (5, [])
    assert [await FSMContext(storage, key).get_state() for key in keys_in(GROUP)] == [None] * 5
    for number, key in enumerate(keys_in(SUPERGROUP)):
        context = FSMContext(storage, key)
        assert await context.get_state() == f"Moved:{number}"
        assert await context.get_data() == {"number": number}
        assert [visit.state for visit in await context.get_history()] == [f"Moved:{number}"]


async def test_other_bots_chats_and_identifiers_stay_where_they_are(storage: BaseStorage) -> None:
    others: list[StateKey | str] = [
        StateKey(43, GROUP, 8),
        StateKey(BOT, -70, 8),
        StateKey(BOT, 8, GROUP),
        "bot:42/chat:-7/mine",
    ]
    for key in others:
        await FSMContext(storage, key).set_state("a")

    result = await move(storage)

    assert result == (0, [])
    assert [await FSMContext(storage, key).get_state() for key in others] == ["a"] * 4


async def test_the_time_that_is_left_moves_along(storage: BaseStorage, clock: FakeClock) -> None:
    await FSMContext(storage, keys_in(GROUP)[0]).set_state("a", ttl=60)
    await FSMContext(storage, keys_in(GROUP)[1]).set_state("a")
    clock.advance(20)
    await move(storage)
    records = storage.namespace("fsm")

    assert await records.get_ttl(keys_in(SUPERGROUP)[0].identifier) == pytest.approx(40)
    assert await records.get_ttl(keys_in(SUPERGROUP)[1].identifier) == float("inf")


async def test_a_dialogue_that_began_in_the_new_chat_stays_and_the_old_one_is_reported(
    storage: BaseStorage,
) -> None:
    old, new = keys_in(GROUP)[0], keys_in(SUPERGROUP)[0]
    await FSMContext(storage, old).set_state("old")
    await FSMContext(storage, new).set_state("new")

    result = await move(storage)

    assert result == (0, [old.identifier])
    assert await FSMContext(storage, old).get_state() == "old"
    assert await FSMContext(storage, new).get_state() == "new"


async def test_both_messages_of_a_move_may_be_handled_at_the_same_time(
    storage: BaseStorage, clock: FakeClock
) -> None:
    for key in keys_in(GROUP):
        await FSMContext(storage, key).set_state("a")

    results = await asyncio.gather(*(move(storage) for _ in range(8)))
    clock.advance(1)

    assert [await FSMContext(storage, key).get_state() for key in keys_in(SUPERGROUP)] == ["a"] * 5
    assert await storage.namespace("fsm").list_keys(f"bot:{BOT}/chat:{GROUP}/*") == []
    assert [result.left for result in results] == [[]] * 8


async def test_a_chat_that_moves_to_itself_keeps_its_dialogues(storage: BaseStorage) -> None:
    key = keys_in(GROUP)[0]
    await FSMContext(storage, key).set_state("a")
    await move_dialogues(storage, BOT, GROUP, GROUP)

    assert await FSMContext(storage, key).get_state() == "a"


async def test_a_moved_dialogue_can_be_written_in_a_lock_of_its_new_key(storage: BaseStorage) -> None:
    old, new = keys_in(GROUP)[0], keys_in(SUPERGROUP)[0]
    ordering = Ordering(storage)
    for _ in range(3):
        async with ordering.of(old):
            await FSMContext(storage, old).update_data(a=1)
    record = await storage.namespace("fsm").get_state(old.identifier)
    await storage.namespace("fsm").set_state(old.identifier, {**record, "fence": 2**52})
    await move(storage)
    async with ordering.of(new):
        await FSMContext(storage, new).update_data(b=2)

    assert await FSMContext(storage, new).get_data() == {"a": 1, "b": 2}


@pytest.mark.parametrize("writes", range(10))
async def test_a_move_that_is_killed_after_any_write_is_finished_by_the_next(
    writes: int, storage: BaseStorage, clock: FakeClock
) -> None:
    for number, key in enumerate(keys_in(GROUP)):
        await FSMContext(storage, key).set_state(f"Moved:{number}")
    with pytest.raises(StorageUnavailableError):
        await move(FailsAfter(storage, writes))
    result = await move(storage)
    clock.advance(1)

    found = [await FSMContext(storage, key).get_state() for key in keys_in(SUPERGROUP)]
    assert found == [f"Moved:{number}" for number in range(5)]
    assert result.left == []
    assert await storage.namespace("fsm").list_keys(f"bot:{BOT}/chat:{GROUP}/*") == []


class FailsAfter:
    """A storage that lets so many writes pass."""

    def __init__(self, storage: BaseStorage, writes: int) -> None:
        self._storage = storage
        self._left = writes

    def namespace(self, name: str) -> FailsAfter:
        self._storage = self._storage.namespace(name)
        return self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    async def compare_and_set(self, *arguments: Any, **settings: Any) -> bool:
        self._left -= 1
        if self._left < 0:
            raise StorageUnavailableError("storage", "killed")
        return await self._storage.compare_and_set(*arguments, **settings)
