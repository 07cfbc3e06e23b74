from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.adapters.discord.bots import Bot, Counter, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.server import DiscordServer

from botkeep import (
    DocumentError,
    MemoryStorage,
    OutcomeUnknownError,
    SQLiteStorage,
    StorageUnavailableError,
)
from botkeep.testing import FakeClock
from botkeep_discord import ViewState
from botkeep_discord.views.grouped_updates import GroupedUpdates
from botkeep_discord.views.rows import Row, Rows


@pytest.fixture
def state(storage: MemoryStorage) -> ViewState:
    return ViewState(storage, GroupedUpdates(storage), "lobby")


async def test_a_thousand_clicks_on_one_counter_lose_none(server: DiscordServer, tmp_path: Path) -> None:
    async with running(Bot(backend=SQLiteStorage(tmp_path / "bot.db"))) as bot:
        view = Counter(state_key="lobby")
        message = await view.send(bot.channel)
        crowd = asyncio.Semaphore(100)

        async def click(user: int) -> int:
            async with crowd:
                answer = await server.click(message.id, "add", user=user)
            return int(answer["data"]["content"].split()[0])

        totals = await asyncio.gather(*map(click, range(1_000)))
        state = await view.state.load()

    assert state == {"clicks": 1_000}
    assert sorted(totals) == list(range(1, 1_001))


async def test_a_state_that_was_never_saved_is_an_empty_dict(state: ViewState) -> None:
    assert await state.load() == {}
    assert await state.delete() is False


async def test_save_replaces_the_whole_state_and_delete_forgets_it(state: ViewState) -> None:
    await state.save({"a": 1, "b": 2})
    await state.save({"a": 3})

    assert await state.load() == {"a": 3}
    assert await state.delete() is True
    assert await state.load() == {}


async def test_update_returns_the_new_state_and_loses_nothing(state: ViewState) -> None:
    async def vote(user: int) -> None:
        await state.update(lambda old: {**old, str(user): "yes"})

    await asyncio.gather(*map(vote, range(50)))

    assert len(await state.load()) == 50
    assert await state.update(lambda old: {"votes": len(old)}) == {"votes": 50}


async def test_increment_starts_at_nought_and_leaves_other_fields_alone(state: ViewState) -> None:
    await state.save({"title": "Poll"})

    assert await state.increment("yes") == 1
    assert await state.increment("yes", -3) == -2
    assert await state.load() == {"title": "Poll", "yes": -2}


@pytest.mark.parametrize("saved", [{"yes": "1"}, {"yes": True}, {"yes": 1.5}, [1], 5])
async def test_increment_refuses_what_is_no_integer_and_leaves_it(state: ViewState, saved: object) -> None:
    await state.save(saved)
    with pytest.raises(TypeError, match="no integer 'yes'"):
        await state.increment("yes")

    assert await state.load() == saved


async def test_one_change_that_fails_among_many_fails_alone(state: ViewState) -> None:
    def refuse(old: dict[str, int]) -> dict[str, int]:
        old["spoilt"] = 1
        raise LookupError("not this one")

    outcomes = await asyncio.gather(
        state.increment("yes"),
        state.update(refuse),
        state.update(lambda _: None),
        state.update(lambda old: {**old, "odd": object()}),
        state.increment("yes"),
        return_exceptions=True,
    )

    assert [outcomes[0], outcomes[4]] == [1, 2]
    assert [type(outcome) for outcome in outcomes[1:4]] == [LookupError, TypeError, DocumentError]
    assert await state.load() == {"yes": 2}


async def test_a_change_that_was_given_up_while_it_waited_is_not_made(state: ViewState) -> None:
    first = asyncio.ensure_future(state.increment("yes"))
    given_up = asyncio.ensure_future(state.increment("yes"))
    await asyncio.sleep(0)
    given_up.cancel()

    assert await first == 1
    assert await state.increment("yes") == 2


async def test_what_an_update_returns_is_a_copy(state: ViewState) -> None:
    one, two = await asyncio.gather(state.update(lambda old: old), state.update(lambda old: old))
    one["mine"] = 1

    assert two == {}
    assert await state.load() == {}


async def test_an_unavailable_storage_fails_every_update_that_waits_for_it() -> None:
    storage = TroubledStorage()
    storage.is_down = True
    state = ViewState(storage, GroupedUpdates(storage), "lobby")
    outcomes = await asyncio.gather(*(state.increment("yes") for _ in range(3)), return_exceptions=True)
    storage.is_down = False

    assert [type(outcome) for outcome in outcomes] == [StorageUnavailableError] * 3
    assert await state.increment("yes") == 1
    await storage.stop()


async def test_an_update_under_way_whose_task_is_cancelled_has_an_unknown_outcome() -> None:
    storage = TroubledStorage()
    updates = GroupedUpdates(storage)
    storage.hang()
    waiting = [updates.submit("lobby", lambda old: old) for _ in range(2)]
    await asyncio.sleep(0)
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        task.cancel()
    outcomes = await asyncio.gather(*waiting, return_exceptions=True)
    storage.recover()

    assert [type(outcome) for outcome in outcomes] == [OutcomeUnknownError] * 2
    assert await updates.submit("lobby", lambda old: {**old, "again": True}) == {"again": True}
    await storage.stop()


@pytest.mark.parametrize("begun", [False, True], ids=["before its first step", "while it waits"])
async def test_nobody_waits_for_ever_for_a_group_of_updates_that_was_cancelled(begun: bool) -> None:
    storage = TroubledStorage()
    updates = GroupedUpdates(storage)
    storage.hang()
    waiting = [updates.submit("lobby", lambda old: old) for _ in range(2)]
    (run,) = asyncio.all_tasks() - {asyncio.current_task()}
    if begun:
        await asyncio.sleep(0)
        waiting += [updates.submit("lobby", lambda old: old) for _ in range(2)]
    run.cancel()
    outcomes = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), 5)
    storage.recover()

    assert [type(outcome) for outcome in outcomes[-2:]] == [StorageUnavailableError] * 2
    assert await updates.submit("lobby", lambda old: {**old, "again": True}) == {"again": True}
    await storage.stop()


async def test_each_change_renews_the_life_that_a_storage_gives_by_default() -> None:
    clock = FakeClock()
    storage = MemoryStorage(default_ttl=3, clock=clock)
    state = ViewState(storage, GroupedUpdates(storage), "lobby")
    totals = []
    for _ in range(8):
        totals.append(await state.increment("clicks"))
        clock.advance(2)
    clock.advance(2)

    assert totals == list(range(1, 9))
    assert await state.load() == {}
    await storage.stop()


async def test_a_view_that_is_sent_anew_lives_as_long_as_a_new_one() -> None:
    clock = FakeClock()
    storage = MemoryStorage(default_ttl=3, clock=clock)
    rows = Rows(storage)
    for message_id in range(8):
        await rows.replace("lobby", Row("Lobby", 77, message_id))
        clock.advance(2)

    assert [key async for key, _ in rows.all()] == ["lobby"]
    await storage.stop()
