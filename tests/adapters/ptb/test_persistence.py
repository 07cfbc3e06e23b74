"""What python-telegram-bot asks of a persistence, through its own application."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from telegram import InlineKeyboardButton, InlineKeyboardMarkup
from telegram.ext import (
    CommandHandler,
    ContextTypes,
    ConversationHandler,
    MessageHandler,
    PersistenceInput,
    filters,
)
from tests.adapters.botapi import updates
from tests.adapters.conditions import until
from tests.adapters.ptb.bots import (
    builder,
    collect_errors,
    feed,
    fetch,
    new_application,
    running,
)

from botkeep import (
    BaseStorage,
    CorruptDocumentError,
    IdentifierError,
    MemoryStorage,
    SQLiteStorage,
    StorageUnavailableError,
)
from botkeep.hooks import Put
from botkeep.testing import FakeClock
from botkeep.testing.storage_faults import FaultyEngine
from botkeep_ptb import BotkeepPersistence, PickledValues, PlainValues, Values


@pytest.fixture
async def storage(tmp_path: Path) -> AsyncIterator[BaseStorage]:
    opened = SQLiteStorage(tmp_path / "bot.db", durability="normal")
    yield opened
    await opened.stop()


class Counting(MemoryStorage):
    """Counts what is written, and fails while it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[str] = []
        self.failing = False

    async def _apply(self, namespace: str, identifier: str, operation: Any) -> Any:
        if isinstance(operation, Put):
            if self.failing:
                raise StorageUnavailableError(repr(self), "unplugged by the test")
            self.writes.append(f"{namespace}/{identifier}")
        return await super()._apply(namespace, identifier, operation)


def handler(change: Any) -> MessageHandler[Any, Any]:
    async def callback(update: Any, context: Any) -> None:
        change(update, context)

    return MessageHandler(filters.ALL, callback)


def keep_text(update: Any, context: Any) -> None:
    context.user_data["n"] = update.message.text


async def test_data_of_users_chats_and_the_bot_survives(storage: BaseStorage) -> None:
    def keep(update: Any, context: Any) -> None:
        context.user_data[1] = ("tuple", {2: update.message})
        context.chat_data["a"] = {"b"}
        context.bot_data["n"] = 1

    async with new_application(storage) as application:
        application.add_handler(handler(keep))
        await feed(application, updates.message("hi"))
    async with new_application(storage) as again:
        kept = again.user_data[7]

        assert kept[1][0] == "tuple"
        assert kept[1][1][2].text == "hi"
        assert kept[1][1][2].get_bot() is again.bot
        assert again.chat_data[7] == {"a": {"b"}}
        assert again.bot_data == {"n": 1}


async def test_an_application_that_is_killed_has_written_each_update(storage: BaseStorage) -> None:
    killed = new_application(storage)
    await killed.initialize()
    killed.add_handler(handler(lambda update, context: context.user_data.update(seen=update.message.text)))
    await feed(killed, updates.message("hi"))

    assert await storage.namespace("ptb").namespace("42").namespace("users").get_state("7") == {"seen": "hi"}


async def test_who_keeps_nothing_has_no_record(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        application.add_handler(handler(lambda *_: None))
        await feed(application, updates.message("hi"))
    async with storage:
        found = await storage.namespace("ptb").list_namespaces()

    assert found == []


async def test_only_what_changed_is_written() -> None:
    storage = Counting()
    users = storage.namespace("ptb").namespace("42").namespace("users")
    for number in range(10_000):
        await users.set_state(str(number + 1), {"n": 0})
    storage.writes.clear()
    async with new_application(storage) as application:
        application.add_handler(handler(lambda _, context: context.user_data.update(n=1)))
        await feed(application, *(updates.message("x", user=number + 1) for number in range(100)))
        await feed(application, *(updates.message("x", user=number + 1) for number in range(100)))

    assert len(storage.writes) == 100


async def test_a_write_that_failed_is_kept_and_tried_again() -> None:
    storage = Counting()
    errors = []
    async with new_application(storage) as application:
        application.add_handler(
            handler(lambda update, context: context.user_data.update(n=update.message.text))
        )

        async def note(update: object, context: Any) -> None:
            errors.append(type(context.error))

        application.add_error_handler(note)
        storage.failing = True
        await feed(application, updates.message("kept", user=7))
        storage.failing = False
        await feed(application, updates.message("other", user=8))
        written = list(storage.writes)

    assert StorageUnavailableError in errors
    assert sorted(written) == ["ptb/42/users/7", "ptb/42/users/8"]


async def test_flush_says_what_could_not_be_written_and_the_next_start_writes_it() -> None:
    storage = Counting()
    application = new_application(storage)
    await application.initialize()
    application.user_data[7]["n"] = 1
    application.mark_data_for_update_persistence(user_ids=7)
    storage.failing = True
    with pytest.raises(StorageUnavailableError):
        await application.shutdown()
    storage.failing = False
    await application.persistence.get_user_data()
    await storage.stop()

    assert storage.writes == ["ptb/42/users/7"]


async def test_conversations_go_on_where_they_were_and_end(storage: BaseStorage) -> None:
    async def ask(update: Any, context: Any) -> int:
        return 1

    async def end(update: Any, context: Any) -> int:
        return ConversationHandler.END

    def application() -> Any:
        starts: Any = [CommandHandler("start", ask)]
        answers: Any = {1: [MessageHandler(filters.TEXT, end)]}
        conversation = ConversationHandler(starts, answers, [], name="c", persistent=True)
        built = new_application(storage)
        built.add_handler(conversation)
        return built

    states = storage.namespace("ptb").namespace("42").namespace("conversations").namespace("c")
    async with application() as first:
        await feed(first, updates.message("/start"))
    async with storage:
        kept = await states.get_state("[7, 7]")
    async with application() as second:
        await feed(second, updates.message("bye"))
    async with storage:
        left = await states.list_keys()

    assert (kept, left) == (1, [])


async def test_data_that_is_dropped_is_gone(storage: BaseStorage) -> None:
    async with new_application(storage) as application:
        application.add_handler(handler(lambda _, context: context.user_data.update(n=1)))
        await feed(application, updates.message("x"))
        application.drop_user_data(7)
    async with new_application(storage) as again:
        assert dict(again.user_data) == {}


async def test_what_is_put_in_after_data_was_dropped_is_kept_and_the_rest_is_gone(
    storage: BaseStorage,
) -> None:
    def change(update: Any, context: Any) -> None:
        if update.message.text == "anew":
            context.application.drop_user_data(7)
            context.application.drop_chat_data(-1)
        context.user_data[update.message.text] = context.chat_data[update.message.text] = True

    async with new_application(storage) as application:
        application.add_handler(handler(change))
        await feed(application, updates.message("before", chat=-1))
        await feed(application, updates.message("anew", chat=-1))
    async with new_application(storage) as again:
        kept = dict(again.user_data), dict(again.chat_data)

    assert kept == ({7: {"anew": True}}, {-1: {"anew": True}})


async def test_two_bots_on_one_storage_never_mix(storage: BaseStorage) -> None:
    one = new_application(storage, 42)
    async with one:
        one.add_handler(handler(lambda _, context: context.user_data.update(n="one")))
        await feed(one, updates.message("x"))
    async with new_application(storage, 43) as other:
        assert dict(other.user_data) == {}


async def test_an_application_starts_again_after_its_shutdown(storage: BaseStorage) -> None:
    application = new_application(storage)
    application.add_handler(handler(keep_text))
    for text in ("first", "second"):
        async with application:
            await feed(application, updates.message(text))
    async with new_application(storage) as again:
        assert again.user_data[7] == {"n": "second"}


async def test_a_bot_data_type_of_ones_own_is_made_when_nothing_is_kept() -> None:
    persistence = BotkeepPersistence(MemoryStorage(), context_types=ContextTypes(bot_data=list))
    persistence.set_bot(builder().build().bot)
    found = await persistence.get_bot_data()
    await persistence.flush()

    assert found == []


async def test_what_was_emptied_is_removed(storage: BaseStorage) -> None:
    def change(update: Any, context: Any) -> None:
        for data in (context.user_data, context.chat_data, context.bot_data):
            data.clear()
            if update.message.text == "keep":
                data["n"] = 1

    kept = storage.namespace("ptb").namespace("42")
    async with new_application(storage) as application:
        application.add_handler(handler(change))
        await feed(application, updates.message("keep"))
        assert await kept.namespace("users").get_state("7") == {"n": 1}
        assert await kept.get_state("bot_data") == {"n": 1}
        await feed(application, updates.message("empty"))

        assert await storage.namespace("ptb").list_namespaces() == []


@pytest.mark.parametrize("what", PersistenceInput._fields)
async def test_only_what_store_data_says_is_stored(storage: BaseStorage, what: str) -> None:
    def keep(update: Any, context: Any) -> None:
        for data in (context.user_data, context.chat_data, context.bot_data):
            data["n"] = 1

    only = PersistenceInput(**{name: name == what for name in PersistenceInput._fields})
    application = new_application(storage, persistence=BotkeepPersistence(storage, store_data=only))
    application.add_handler(handler(keep))
    async with application:
        keyboard = InlineKeyboardMarkup([[InlineKeyboardButton("?", callback_data=[1])]])
        application.bot.callback_data_cache.process_keyboard(keyboard)
        await feed(application, updates.message("x"))
    async with storage:
        of_bot = storage.namespace("ptb").namespace("42")
        found = {*await of_bot.list_namespaces(), *await of_bot.list_keys()}

    names = {"user_data": "users", "chat_data": "chats"}
    assert found == {names.get(what, what)}


async def test_the_persistence_by_itself_writes_at_each_interval() -> None:
    storage = MemoryStorage()
    persistence = BotkeepPersistence(storage, update_interval=0.05)
    application = builder().persistence(persistence).build()
    application.add_handler(handler(keep_text))
    users = storage.namespace("ptb").namespace("42").namespace("users")
    async with running(application):
        await fetch(application, updates.message("hi"))

        async def written() -> bool:
            return bool(await users.get_state("7") == {"n": "hi"})

        await until(written)
    assert persistence.update_interval == 0.05
    assert BotkeepPersistence(storage).update_interval == 1.0


@pytest.mark.parametrize("part", ["get_user_data", "get_chat_data", "get_bot_data", "get_callback_data"])
async def test_whatever_is_read_first_opens_the_storage_again(part: str) -> None:
    storage = MemoryStorage()
    persistence = BotkeepPersistence(storage)
    persistence.set_bot(builder().build().bot)
    await persistence.flush()
    await getattr(persistence, part)()
    await persistence.get_conversations("c")

    assert await storage.health()
    await persistence.flush()
    await persistence.get_conversations("c")
    await persistence.flush()


async def test_what_the_bot_has_in_memory_never_expires_under_it() -> None:
    clock = FakeClock()
    storage = MemoryStorage(default_ttl=60, clock=clock)

    def keep(update: Any, context: Any) -> None:
        context.user_data.setdefault("n", 1)

    async with new_application(storage) as application:
        application.add_handler(handler(keep))
        for _ in range(3):
            await feed(application, updates.message("x"))
            clock.advance(59)
        clock.advance(1000)
    async with new_application(storage) as again:
        assert again.user_data[7] == {"n": 1}


async def test_records_that_an_older_version_has_written_with_an_expiry_lose_it() -> None:
    clock = FakeClock()
    storage = MemoryStorage(default_ttl=60, clock=clock)
    kept = storage.namespace("ptb").namespace("42")
    async with storage:
        await kept.namespace("users").set_state("7", {"n": 1})
        await kept.set_state("bot_data", {"n": 2})
        await kept.namespace("conversations").namespace("c").set_state("[7, 7]", 3)
    for _ in range(2):
        application = new_application(storage)
        conversation: Any = ConversationHandler([], {3: []}, [], name="c", persistent=True)
        application.add_handler(conversation)
        async with application:
            assert (application.user_data[7], application.bot_data) == ({"n": 1}, {"n": 2})
        clock.advance(1000)
    async with storage:
        assert await kept.namespace("conversations").namespace("c").get_state("[7, 7]") == 3


async def test_updates_that_end_at_the_same_time_share_the_writing() -> None:
    storage = Counting()
    runs = []

    class Observed(BotkeepPersistence):
        async def update_bot_data(self, data: Any) -> None:
            runs.append(data)
            await super().update_bot_data(data)

    async with new_application(storage, persistence=Observed(storage)) as application:
        application.add_handler(handler(keep_text))
        await feed(application, *(updates.message("x", user=number) for number in range(1, 101)))

        assert len(storage.writes) == 100
        assert len(runs) < 20


async def test_an_update_is_written_once_also_where_updates_are_tasks() -> None:
    storage = MemoryStorage()
    runs = []

    class Observed(BotkeepPersistence):
        async def update_bot_data(self, data: Any) -> None:
            runs.append(data)
            await super().update_bot_data(data)

    application = new_application(storage, persistence=Observed(storage, update_interval=60))
    application.add_handler(handler(keep_text))
    async with running(application):
        await fetch(application, updates.message("x"))
        for _ in range(50):
            await asyncio.sleep(0)

        assert len(runs) == 1


@pytest.mark.parametrize("bot_data", [True, False])
async def test_a_state_that_could_not_be_written_is_written_by_the_next_update_of_anybody(
    bot_data: bool,
) -> None:
    faults = FaultyEngine(MemoryStorage())

    async def begin(update: Any, context: Any) -> int:
        return 1

    def keep(update: Any, context: Any) -> None:
        if not bot_data:  # then python-telegram-bot does not ask the persistence at each writing
            context.user_data["n"] = update.effective_user.id

    starts: Any = [CommandHandler("start", begin)]
    only = PersistenceInput(bot_data=bot_data)
    persistence = BotkeepPersistence(faults.storage, store_data=only)
    application = new_application(faults.storage, persistence=persistence)
    application.add_handler(ConversationHandler(starts, {1: []}, [], name="c", persistent=True))
    application.add_handler(handler(keep), group=1)
    errors = collect_errors(application)
    async with application:
        faults.fail()
        await feed(application, updates.message("/start", user=7))
        faults.heal()
        await feed(application, updates.message("x", user=8))
        states = faults.storage.namespace("ptb").namespace("42").namespace("conversations").namespace("c")

        assert {type(error) for error in errors} == {StorageUnavailableError}
        assert await states.get_state("[7, 7]") == 1


async def test_a_write_that_no_storage_takes_is_not_tried_for_ever(storage: BaseStorage) -> None:
    persistence = BotkeepPersistence(storage)
    persistence.set_bot(builder().build().bot)
    await persistence.get_bot_data()
    with pytest.raises(IdentifierError):
        await persistence.update_conversation("c", (1, "x" * 2000), 1)
    await persistence.update_bot_data({"n": 1})
    await persistence.flush()
    async with storage:
        assert await storage.namespace("ptb").namespace("42").get_state("bot_data") == {"n": 1}


DAMAGED = {
    "user_data": (("users",), "7", {"@map": 5}),
    "bot_data": ((), "bot_data", {"@defaultdict": ["os", []]}),
    "a conversation": (("conversations", "c"), "[7, 7]", {"@namedtuple": 1}),
    "a keyboard": (("callback_data", "keyboards"), "k", [1.5, {"@tuple": 7}]),
    "all callback data": ((), "callback_data", {"@tuple": 5}),
}


@pytest.mark.parametrize("values", [PlainValues(), PickledValues()], ids=["plain", "pickled"])
@pytest.mark.parametrize(("kind", "identifier", "document"), DAMAGED.values(), ids=DAMAGED)
async def test_a_damaged_record_is_named_and_left_as_it_is(
    storage: BaseStorage, values: Values, kind: tuple[str, ...], identifier: str, document: Any
) -> None:
    records = storage.namespace("ptb").namespace("42")
    for name in kind:
        records = records.namespace(name)
    async with storage:
        await records.set_state(identifier, document)
    application = new_application(storage, persistence=BotkeepPersistence(storage, values=values))
    conversation: Any = ConversationHandler([], {3: []}, [], name="c", persistent=True)
    application.add_handler(conversation)
    with pytest.raises(CorruptDocumentError) as caught:
        await application.initialize()
    await application.bot.shutdown()
    async with storage:
        assert identifier in caught.value.identifier
        assert await records.get_state(identifier) == document


async def test_what_others_did_between_two_starts_is_seen_by_the_second(storage: BaseStorage) -> None:
    application = new_application(storage)
    application.add_handler(handler(lambda _, context: context.user_data.update(n=1)))
    async with application:
        await feed(application, updates.message("x"))
    users = storage.namespace("ptb").namespace("42").namespace("users")
    async with storage:
        await users.delete_state("7")
    async with application:
        await feed(application, updates.message("x"))
    async with storage:
        assert await users.get_state("7") == {"n": 1}
