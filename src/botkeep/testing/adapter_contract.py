"""The executable spec of an adapter: what each keeps, as tests, to be inherited.

The laws are numbered as in the documentation ("Write your own adapter").
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from botkeep.abc import BaseStorage
from botkeep.ambient import store, user
from botkeep.ambient.configuration import choice
from botkeep.errors import BotkeepError, NoUserError
from botkeep.fsm import FSMContext, StateKey
from botkeep.testing.adapter_hooks import AdapterUnderTest, Message, Script, do_nothing, eventually
from botkeep.testing.storage_faults import FaultyEngine


class UpdateLaws(AdapterUnderTest):
    """Law 1. One update's trouble is its own."""

    @pytest.mark.parametrize("trouble", ["unavailable", "unknown outcome", "unstorable value"])
    async def test_what_the_storage_does_in_one_update_reaches_the_error_handler_and_the_next_is_handled(
        self, storage: BaseStorage, trouble: str
    ) -> None:
        faults = FaultyEngine(storage)

        async def handle(message: Message) -> None:
            if message.text == "trouble":
                causes = {"unavailable": faults.fail, "unknown outcome": faults.lose_replies}
                causes.get(trouble, faults.heal)()
                await message.context.update_data(value=object() if trouble == "unstorable value" else 1)
            else:
                await message.context.set_state(message.text)

        script = Script(handle)
        async with self.run_bot(faults.storage, script) as bot:
            await bot.send("first", user=self.user, chat=self.chat)
            await bot.settle()
            await bot.send("trouble", user=self.user, chat=self.chat)
            await bot.settle()
            faults.heal()
            errors = list(bot.errors)
            await bot.send("last", user=self.user, chat=self.chat)
            await bot.settle()

            assert script.seen == ["first", "trouble", "last"]
            assert [isinstance(error, BotkeepError) for error in errors] == [True]
            assert await self.stored(storage).get_state() == "last"

    async def test_an_update_that_meets_a_storage_that_is_down_does_not_end_the_bot(
        self, storage: BaseStorage
    ) -> None:
        faults = FaultyEngine(storage)
        script = Script(do_nothing)
        async with self.run_bot(faults.storage, script) as bot:
            faults.fail()
            for number in range(3):
                await bot.send(f"lost {number}", user=self.user, chat=self.chat)
            await bot.settle()
            faults.heal()
            await bot.send("last", user=self.user, chat=self.chat)
            await bot.settle()

            assert script.seen[-1] == "last"

    @pytest.mark.parametrize("ordered", [True, False])
    async def test_a_handler_that_ends_in_a_cancellation_does_not_silence_its_user(
        self, storage: BaseStorage, *, ordered: bool
    ) -> None:
        async def handle(message: Message) -> None:
            if message.text == "cancelled":
                raise asyncio.CancelledError
            await message.context.set_state(message.text)

        script = Script(handle)
        async with self.run_bot(storage, script, ordered=ordered) as bot:
            await bot.send("cancelled", user=self.user, chat=self.chat)
            await eventually(lambda: script.seen == ["cancelled"])
            await bot.send("last", user=self.user, chat=self.chat)
            await eventually(lambda: script.seen == ["cancelled", "last"])
            await bot.settle()

            assert await self.stored(storage).get_state() == "last"

    async def test_a_slow_storage_loses_nothing(self, storage: BaseStorage) -> None:
        faults = FaultyEngine(storage)

        async def handle(message: Message) -> None:
            await message.context.update_data(**{message.text: message.user_id})

        async with self.run_bot(faults.storage, Script(handle)) as bot:
            faults.delay(0.05)
            for number in range(5):
                await bot.send(f"field{number}", user=self.user, chat=self.chat)
            await bot.settle()
            faults.heal()

            assert await self.stored(storage).get_data() == {
                f"field{number}": self.user for number in range(5)
            }

    def stored(self, storage: BaseStorage, *, bot_id: int = 42, user: int | None = None) -> FSMContext:
        """Return the dialogue as any other program reads it."""
        return FSMContext(storage, StateKey(bot_id, self.chat, self.user if user is None else user))


class UserLaws(AdapterUnderTest):
    """Law 2. `botkeep.user` is the one whose event is handled."""

    @pytest.fixture(autouse=True)
    def configured(self, storage: BaseStorage, monkeypatch: pytest.MonkeyPatch) -> None:
        """`user` and `store` keep what they are given in the storage of the test."""
        monkeypatch.setattr(choice, "configured", storage)

    async def test_the_user_is_the_one_whose_event_is_handled(self, storage: BaseStorage) -> None:
        both = asyncio.Barrier(2) if hasattr(asyncio, "Barrier") else None

        async def handle(message: Message) -> None:
            if both is not None:
                await asyncio.wait_for(both.wait(), 10)
            await user.save("name", message.text)
            await asyncio.gather(store.increment("visits"), asyncio.create_task(_remember(message.text)))

        async with self.run_bot(storage, Script(handle)) as bot:
            await bot.send("Anna", user=self.user, chat=self.chat)
            await bot.send("Bob", user=self.other_user, chat=self.chat)
            await bot.settle()

            users = storage.namespace("ambient").namespace("users")
            for number, name in ((self.user, "Anna"), (self.other_user, "Bob")):
                assert await users.namespace(str(number)).get_state("name") == name
                assert await users.namespace(str(number)).get_state("by a task") == name
            assert await store.load("visits") == 2

    async def test_there_is_no_user_outside_of_a_handler(self, storage: BaseStorage) -> None:
        async with self.run_bot(storage, Script(do_nothing)) as bot:
            await bot.send("hello", user=self.user, chat=self.chat)
            await bot.settle()

            with pytest.raises(NoUserError):
                await user.load("name")


class IdentityLaws(UpdateLaws):
    """Laws 3 and 4. Two bots never meet; the same record and the same call everywhere."""

    async def test_two_bots_on_one_storage_never_meet(self, storage: BaseStorage) -> None:
        async def handle(message: Message) -> None:
            await message.context.set_state(message.text)

        for bot_id in (42, 43):
            async with self.run_bot(storage, Script(handle), bot_id=bot_id) as bot:
                await bot.send(f"bot {bot_id}", user=self.user, chat=self.chat)
                await bot.settle()
        await storage.start()

        assert await self.stored(storage, bot_id=42).get_state() == "bot 42"
        assert await self.stored(storage, bot_id=43).get_state() == "bot 43"

    @pytest.mark.parametrize("scope", ["users", "", None, "USER"])
    async def test_a_limit_of_an_unknown_scope_is_refused_as_it_is_made(
        self, storage: BaseStorage, scope: Any
    ) -> None:
        with pytest.raises(ValueError, match="scope"):
            self.limiter(storage, "5/minute", scope=scope)

    async def test_a_limit_takes_a_rate_and_refuses_unknown_settings_as_it_is_made(
        self, storage: BaseStorage
    ) -> None:
        self.limiter(storage, "5/minute", strategy="gcra", on_unavailable="deny")

        with pytest.raises(ValueError, match="strategy"):
            self.limiter(storage, "5/minute", strategy="leaky")
        with pytest.raises(TypeError):
            self.limiter(storage, "5/minute", strateggy="gcra")


class OrderLaws(UpdateLaws):
    """Law 5. Order is there, and can be left out."""

    async def test_updates_of_one_user_are_handled_one_after_another_in_the_order_they_came(
        self, storage: BaseStorage
    ) -> None:
        log: list[str] = []

        async def handle(message: Message) -> None:
            log.append(f"begin {message.text}")
            await asyncio.sleep(0.01)
            log.append(f"end {message.text}")

        async with self.run_bot(storage, Script(handle)) as bot:
            for number in range(4):
                await bot.send(str(number), user=self.user, chat=self.chat)
            await bot.settle()

        assert log == [f"{what} {number}" for number in range(4) for what in ("begin", "end")]

    async def test_other_users_do_not_wait(self, storage: BaseStorage) -> None:
        go_on = asyncio.Event()

        async def handle(message: Message) -> None:
            if message.text == "waits":
                await asyncio.wait_for(go_on.wait(), 10)
            else:
                go_on.set()

        script = Script(handle)
        async with self.run_bot(storage, script) as bot:
            await bot.send("waits", user=self.user, chat=self.chat)
            await eventually(lambda: script.seen == ["waits"])
            await bot.send("passes", user=self.other_user, chat=self.chat)
            await bot.settle()

            assert go_on.is_set()
            assert bot.errors == []

    async def test_order_can_be_left_out(self, storage: BaseStorage) -> None:
        go_on = asyncio.Event()

        async def handle(message: Message) -> None:
            if message.text == "waits for the next":
                await asyncio.wait_for(go_on.wait(), 10)
            else:
                go_on.set()

        script = Script(handle)
        async with self.run_bot(storage, script, ordered=False) as bot:
            await bot.send("waits for the next", user=self.user, chat=self.chat)
            await eventually(lambda: script.seen == ["waits for the next"])
            await bot.send("the next", user=self.user, chat=self.chat)
            await bot.settle()

            assert go_on.is_set()
            assert bot.errors == []


class EndLaws(UpdateLaws):
    """Law 7. A restart goes on with what was acknowledged; a clean end leaves others the storage, no task."""

    async def test_a_bot_that_starts_again_goes_on_where_it_stopped(self, storage: BaseStorage) -> None:
        found: list[Any] = []

        async def handle(message: Message) -> None:
            found.append((await message.context.get_state(), await message.context.get_data()))
            await message.context.set_state(message.text)
            await message.context.update_data(last=message.text)

        for text in ("size", "toppings"):
            async with self.run_bot(storage, Script(handle)) as bot:
                await bot.send(text, user=self.user, chat=self.chat)
                await bot.settle()

        assert found == [(None, {}), ("size", {"last": "size"})]

    async def test_a_bot_that_ends_leaves_the_storage_to_another_bot_of_the_program(
        self, storage: BaseStorage
    ) -> None:
        async def handle(message: Message) -> None:
            await message.context.set_state(message.text)

        async with self.run_bot(storage, Script(handle), bot_id=42) as staying:
            async with self.run_bot(storage, Script(do_nothing), bot_id=43):
                pass
            await staying.send("after the other", user=self.user, chat=self.chat)
            await staying.settle()

            assert staying.errors == []

        await storage.start()
        assert await self.stored(storage, bot_id=42).get_state() == "after the other"

    async def test_a_clean_end_leaves_no_task_behind(self, storage: BaseStorage) -> None:
        async with self.run_bot(storage, Script(do_nothing)) as bot:
            await bot.send("hello", user=self.user, chat=self.chat)
            await bot.settle()
        await storage.stop()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        if left:
            # A framework may still be ending tasks of its own.
            await asyncio.wait(left, timeout=1)

        assert {task for task in left if not task.done()} == set()


@pytest.mark.asyncio(loop_scope="function")
class AdapterContract(UserLaws, IdentityLaws, OrderLaws, EndLaws, UpdateLaws):
    """The laws that hold for every adapter.

    Inherit it in a class whose name begins with ``Test`` and write the hooks of `AdapterUnderTest`: how to
    run a bot of the framework offline, and how the adapter's rate limit is made. Every law is then a test.
    """


async def _remember(text: str) -> None:
    await user.save("by a task", text)
