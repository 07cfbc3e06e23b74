"""Discord waits three seconds for the first response: what becomes of a storage that is slow, or down."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextvars import Context, ContextVar
from types import SimpleNamespace
from typing import Any

import discord
import pytest
from discord import app_commands
from tests.adapters.discord.bots import Bot, Counter, running
from tests.adapters.discord.faults import TroubledStorage
from tests.adapters.discord.server import DiscordServer

from botkeep import (
    BaseStorage,
    FSMContext,
    MemoryStorage,
    OutcomeUnknownError,
    RateLimiter,
    StorageUnavailableError,
    user,
)
from botkeep.hooks import READS, StorageHooks
from botkeep_discord import PersistentView
from botkeep_discord.interactions import scope
from botkeep_discord.interactions.deadline_storage import DeadlineEngine, DeadlineStorage

TIMEOUT = 0.2
APOLOGY = "Tut mir leid."


class Patient(PersistentView):
    """Has something to say itself when the storage does not answer."""

    errors: list[Exception] = []  # noqa: RUF012 # the view is constructed anew

    @discord.ui.button(label="read", custom_id="read")
    async def read(self, interaction: discord.Interaction, _: discord.ui.Button[Patient]) -> None:
        try:
            await self.state.load()
        except StorageUnavailableError as exc:
            self.errors.append(exc)
        await interaction.response.send_message("without my memory", ephemeral=True)

    @discord.ui.button(label="write", custom_id="write")
    async def write(self, interaction: discord.Interaction, _: discord.ui.Button[Patient]) -> None:
        try:
            await self.state.save({})
        except OutcomeUnknownError as exc:
            self.errors.append(exc)
        await interaction.response.send_message("perhaps", ephemeral=True)

    @discord.ui.button(label="first answer", custom_id="answer")
    async def answer(self, interaction: discord.Interaction, _: discord.ui.Button[Patient]) -> None:
        await interaction.response.defer()
        await self.state.save({"done": True})


@pytest.fixture
def troubled() -> TroubledStorage:
    Patient.errors.clear()
    return TroubledStorage()


def bot_on(storage: TroubledStorage) -> Bot:
    return Bot(backend=storage, timeout=TIMEOUT, apology=APOLOGY)


async def test_a_user_is_answered_when_the_storage_hangs(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        troubled.hang()
        began = time.monotonic()
        answer = await server.click(message.id, "add")
        elapsed = time.monotonic() - began
        troubled.recover()
        later = await server.click(message.id, "add")

    assert answer["data"] == {**answer["data"], "content": APOLOGY, "flags": 64}
    assert TIMEOUT <= elapsed < scope.DISCORD_WAITS
    assert later["data"]["content"] == "1 clicks"


async def test_a_user_is_answered_at_once_when_the_storage_is_down(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        troubled.is_down = True
        answer = await server.click(message.id, "add")

    assert answer["data"]["content"] == APOLOGY


@pytest.mark.parametrize(
    ("custom_id", "kind", "words"),
    [("read", StorageUnavailableError, "without my memory"), ("write", OutcomeUnknownError, "perhaps")],
)
async def test_a_handler_may_answer_in_its_own_words(
    server: DiscordServer, troubled: TroubledStorage, custom_id: str, kind: type, words: str
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Patient(state_key="lobby").send(bot.channel)
        troubled.hang()
        answer = await server.click(message.id, custom_id)
        troubled.recover()

    (error,) = Patient.errors
    assert answer["data"]["content"] == words
    assert type(error) is kind
    assert "interaction.response.defer() first" in str(error)


async def test_after_the_first_answer_the_storage_may_take_its_time(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        view = Patient(state_key="lobby")
        message = await view.send(bot.channel)
        troubled.hang()
        await server.click(message.id, "answer")
        await asyncio.sleep(TIMEOUT * 2)
        troubled.recover()
        later = await view.state.load()

    assert Patient.errors == []
    assert later == {}


@pytest.mark.usefixtures("server")
async def test_calls_outside_of_interactions_are_not_bounded(troubled: TroubledStorage) -> None:
    async with running(bot_on(troubled)) as bot:
        view = Counter(state_key="lobby")
        await view.send(bot.channel)
        troubled.hang()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(view.state.load(), TIMEOUT * 2)
        troubled.recover()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten Discord's three seconds: what is tested takes half of what is left of them."""
    monkeypatch.setattr(scope, "DISCORD_WAITS", 2 * TIMEOUT)


@pytest.mark.usefixtures("impatient")
async def test_commands_get_their_answer_as_well(server: DiscordServer, troubled: TroubledStorage) -> None:
    bot = bot_on(troubled)
    failures: list[Exception] = []

    @bot.tree.command(description="count")
    async def count(interaction: discord.Interaction) -> None:
        await user.increment("uses")

    @count.error
    async def on_error(interaction: discord.Interaction, error: Exception) -> None:
        failures.append(error)

    async with running(bot):
        troubled.hang()
        answer = await server.command("count")
        troubled.recover()

    assert answer["data"]["content"] == APOLOGY
    assert isinstance(failures[0].__cause__, OutcomeUnknownError)


@pytest.mark.usefixtures("impatient")
async def test_a_completion_whose_storage_hangs_proposes_nothing(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    bot = bot_on(troubled)

    @bot.tree.command(description="find")
    async def find(interaction: discord.Interaction, word: str) -> None: ...

    @find.autocomplete("word")
    async def complete(_: discord.Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=name, value=name) for name in await user.load("words", [])]

    async with running(bot):
        troubled.hang()
        answer = await server.complete("find", "word", "ab")
        troubled.recover()

    assert answer["data"]["choices"] == []


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_outlives_the_three_seconds_has_its_storage_back(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    bot = bot_on(troubled)
    later: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

    @bot.tree.command(description="slow")
    async def slow(interaction: discord.Interaction) -> None:
        try:
            await user.increment("uses")
        except OutcomeUnknownError:
            troubled.recover()
            await asyncio.sleep(2 * TIMEOUT)
            later.set_result(await user.increment("uses", 10))

    async with running(bot):
        troubled.hang()
        answer = await server.command("slow")
        total = await later

    assert answer["data"]["content"] == APOLOGY
    assert total == 10


HANGING = sorted(name for name, hook in vars(StorageHooks).items() if inspect.isfunction(hook))


class HangingEngine(MemoryStorage):
    """Answers none of its hooks, those that a later version has neither."""

    def __init__(self) -> None:
        super().__init__()
        for name in HANGING:
            setattr(self, name, self._scan_for_ever if name == "_scan" else self._wait)

    async def _wait(self, *_: object) -> Any:
        await asyncio.Event().wait()

    async def _scan_for_ever(self, *_: object) -> AsyncIterator[list[str]]:
        await asyncio.Event().wait()
        yield []


@pytest.fixture
async def unanswered(monkeypatch: pytest.MonkeyPatch) -> scope.InteractionScope:
    """Run the test inside an interaction that has had no response."""

    class Unanswered:
        response = SimpleNamespace(is_done=lambda: False)

    running = scope.InteractionScope(TIMEOUT, APOLOGY)
    running.interaction = Unanswered()  # type: ignore[assignment] # all that is asked of it
    monkeypatch.setattr(running, "storage_failed", lambda: None)
    monkeypatch.setattr(scope, "_current", ContextVar("test", default=running))
    return running


@pytest.mark.parametrize("hook", HANGING)
async def test_no_hook_of_an_engine_outlasts_an_interaction(
    unanswered: scope.InteractionScope, hook: str
) -> None:
    del unanswered
    engine = DeadlineEngine(HangingEngine())
    count = len(inspect.signature(getattr(StorageHooks, hook)).parameters) - 1
    call = getattr(engine, hook)(*["any"] * count)
    error = StorageUnavailableError if hook in READS else OutcomeUnknownError
    with pytest.raises(StorageUnavailableError) as caught:
        await asyncio.wait_for(anext(call) if hook == "_scan" else call, 5 * TIMEOUT)

    assert type(caught.value) is error


VERBS: dict[str, Callable[[BaseStorage], Any]] = {
    "get_state": lambda storage: storage.get_state("a"),
    "set_state": lambda storage: storage.set_state("a", 1),
    "delete_state": lambda storage: storage.delete_state("a"),
    "compare_and_set": lambda storage: storage.compare_and_set("a", 1, expected=None),
    "increment": lambda storage: storage.increment("a"),
    "touch": lambda storage: storage.touch("a", ttl=1),
    "get_ttl": lambda storage: storage.get_ttl("a"),
    "exists": lambda storage: storage.exists("a"),
    "list_keys": lambda storage: storage.list_keys(),
    "clear_namespace": lambda storage: storage.clear_namespace(),
    "update": lambda storage: storage.update("a", lambda old: old),
    "lock": lambda storage: storage.lock("a").__aenter__(),
    "FSMContext.set_state": lambda storage: FSMContext(storage, "a").set_state("Order:size"),
    "FSMContext.get_data": lambda storage: FSMContext(storage, "a").get_data(),
    "FSMContext.update_data": lambda storage: FSMContext(storage, "a").update_data(size=1),
    "RateLimiter.hit": lambda storage: RateLimiter(storage, "1/minute", on_unavailable="raise").hit("a"),
}


@pytest.mark.parametrize("verb", VERBS)
async def test_no_verb_outlasts_an_interaction(
    unanswered: scope.InteractionScope, troubled: TroubledStorage, verb: str
) -> None:
    del unanswered
    await troubled.start()
    for name in set(HANGING) - {"_open", "_close"}:
        setattr(troubled, name, HangingEngine()._scan_for_ever if name == "_scan" else HangingEngine()._wait)
    storage = DeadlineStorage(troubled).namespace("inner")
    began = time.monotonic()
    with pytest.raises(StorageUnavailableError):
        await asyncio.wait_for(VERBS[verb](storage), 10 * TIMEOUT)

    assert time.monotonic() - began < 5 * TIMEOUT
    await troubled.stop()


async def test_the_wait_for_others_who_change_the_same_document_is_bounded_too(
    server: DiscordServer, troubled: TroubledStorage
) -> None:
    async with running(bot_on(troubled)) as bot:
        message = await Counter(state_key="lobby").send(bot.channel)
        troubled.hang()
        others = [bot.loop.create_task(Counter(state_key="lobby").state.increment("clicks"))]
        await asyncio.sleep(0)
        answer = await server.click(message.id, "add")
        troubled.recover()
        await asyncio.gather(*others)

    assert answer["data"]["content"] == APOLOGY


async def test_neither_is_the_wait_for_an_update_outside_of_interactions_longer(
    unanswered: scope.InteractionScope, troubled: TroubledStorage
) -> None:
    def update_outside() -> asyncio.Future[Any]:
        scope._current.set(None)
        return asyncio.ensure_future(troubled.namespace("inner").update("a", lambda old: old))

    del unanswered
    troubled.hang()
    other = Context().run(update_outside)
    await asyncio.sleep(0)
    bounded = DeadlineStorage(troubled).namespace("inner")
    with pytest.raises(StorageUnavailableError):
        await asyncio.wait_for(bounded.update("a", lambda old: old), 5 * TIMEOUT)
    troubled.recover()
    with pytest.raises(TypeError):
        await other
    await troubled.stop()
