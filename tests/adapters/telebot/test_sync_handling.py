"""Around each update of a synchronous bot: order without idle threads, user, errors, moves, and its end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from telebot import TeleBot, apihelper
from telebot.custom_filters import StateFilter
from telebot.handler_backends import BaseMiddleware
from telebot.states.sync import StateContext, StateMiddleware
from tests.adapters.botapi import speakers, updates
from tests.adapters.telebot.bots import Errors, Listener, feed_synchronously
from typing_extensions import override

from botkeep import MemoryStorage, SQLiteStorage, StorageUnavailableError, user
from botkeep.ambient.configuration import choice
from botkeep.testing import FakeClock
from botkeep_telebot import setup_botkeep
from botkeep_telebot.queues import DialogueQueues


class Setting:
    """A bot with two threads, as pyTelegramBotAPI makes it, and what its handlers tell."""

    def __init__(self, storage: MemoryStorage | SQLiteStorage, **settings: Any) -> None:
        self.errors = Errors()
        self.heard = Listener()
        self.storage = storage
        bot: dict[str, Any] = {"use_class_middlewares": True, "exception_handler": self.errors}
        bot.update(settings.pop("bot", {}))
        self.bot = TeleBot("42:TEST", **bot)
        self.states = setup_botkeep(self.bot, storage, **settings)

    def feed(self, *news: dict[str, Any]) -> None:
        feed_synchronously(self.bot, *news)

    def close(self) -> None:
        self.bot.stop_bot()
        self.states.close()


@pytest.fixture(params=[False, True], ids=["in one process", "across processes"])
def setting(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Setting]:
    storage = SQLiteStorage(tmp_path / "sync.db", durability="normal")
    made = Setting(storage, across_processes=request.param)
    yield made
    made.close()


def test_a_users_updates_come_in_order_and_occupy_one_thread(setting: Setting) -> None:
    go_on = threading.Event()

    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        if message.text == "0":
            assert go_on.wait(10)
        setting.heard.say((message.from_user.id, message.text))
        if message.from_user.id == 8:
            go_on.set()

    # Two threads: if the second update waited in one, the other user's would find none.
    setting.feed(*(updates.message(str(number)) for number in range(5)), updates.message("x", user=8))

    assert setting.heard.take(6) == [(8, "x"), *((7, str(number)) for number in range(5))]


def test_two_taps_are_handled_one_after_the_other(setting: Setting) -> None:
    setting.bot.add_custom_filter(StateFilter(setting.bot))

    @setting.bot.callback_query_handler(func=lambda _: True, state="pay")
    def pay(query: Any) -> None:
        setting.heard.say(query.data)
        setting.bot.delete_state(7, 7)

    @setting.bot.message_handler()
    def end(message: Any) -> None:
        setting.heard.say("end")

    setting.bot.set_state(7, "pay", 7)
    setting.feed(updates.button("first"), updates.button("second"), updates.message("end"))

    assert setting.heard.take(2) == ["first", "end"]


def test_the_photos_of_an_album_do_not_wait_for_each_other(setting: Setting) -> None:
    together = threading.Barrier(2)

    @setting.bot.message_handler(content_types=["photo"])
    def collect(message: Any) -> None:
        together.wait(10)
        setting.heard.say(message.media_group_id)

    setting.feed(speakers.photo("album"), speakers.photo("album"))

    assert setting.heard.take(2) == ["album", "album"]
    assert setting.errors.kinds() == []


def test_the_user_in_each_thread_is_its_handlers(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    together = threading.Barrier(2)

    @setting.bot.message_handler()
    def look(message: Any) -> None:
        together.wait(10)
        setting.heard.say((message.from_user.id, repr(user)))

    setting.feed(updates.message("x", user=7), updates.message("x", user=8))

    assert sorted(setting.heard.take(2)) == [(7, "<user: '7'>"), (8, "<user: '8'>")]
    assert repr(user) == "<user: no handler is running>"


def test_what_a_handler_saves_is_its_users(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "configured", setting.storage)
    together = threading.Barrier(2)

    @setting.bot.message_handler()
    def save(message: Any) -> None:
        together.wait(10)
        setting.states.run(user.save("id", message.from_user.id))
        setting.heard.say((message.from_user.id, setting.states.run(user.load("id"))))

    setting.feed(updates.message("x", user=7), updates.message("x", user=8))

    assert sorted(setting.heard.take(2)) == [(7, 7), (8, 8)]


def test_a_next_step_handler_has_its_user_and_its_place_in_the_order(setting: Setting) -> None:
    @setting.bot.message_handler(commands=["ask"])
    def ask(message: Any) -> None:
        setting.bot.register_next_step_handler(message, answer)
        setting.heard.say("asked")

    def answer(message: Any) -> None:
        setting.heard.say((message.text, repr(user)))

    setting.feed(updates.message("/ask"))
    asked = setting.heard.take(1)
    setting.feed(updates.message("Ann"))

    assert [*asked, *setting.heard.take(1)] == ["asked", ("Ann", "<user: '7'>")]


@pytest.mark.parametrize("threaded", [False, True])
def test_an_update_is_asked_for_once_however_its_handling_goes(threaded: bool) -> None:
    def decide(message: Any) -> bool:
        raise ZeroDivisionError if message.text == "bad" else asyncio.CancelledError

    setting = Setting(MemoryStorage(), ordered=decide, bot={"threaded": threaded})
    news = updates.message("bad"), updates.message("worse")
    setting.feed(*news)
    setting.close()

    assert setting.bot.last_update_id == news[-1]["update_id"]
    assert setting.errors.kinds() == ["ZeroDivisionError", "CancelledError"]


def test_an_update_that_waits_for_a_thread_is_not_asked_for_again() -> None:
    setting = Setting(MemoryStorage())
    go_on = threading.Event()

    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        go_on.wait(10)
        setting.heard.say(message.text)

    news = [updates.message(str(number)) for number in range(3)]
    setting.feed(*news)
    asked = setting.bot.last_update_id
    go_on.set()
    heard = setting.heard.take(3)
    setting.close()

    assert asked == news[-1]["update_id"]
    assert heard == ["0", "1", "2"]


@pytest.mark.parametrize("setting", [False], indirect=True)
def test_a_next_step_that_the_update_before_registers_gets_the_message(setting: Setting) -> None:
    registered = threading.Event()

    @setting.bot.message_handler(commands=["ask"])
    def ask(message: Any) -> None:
        registered.wait(10)
        setting.bot.register_next_step_handler(message, answer)

    @setting.bot.message_handler()
    def other(message: Any) -> None:
        setting.heard.say(("no step", message.text))

    def answer(message: Any) -> None:
        setting.heard.say(("step", message.text))
        setting.bot.register_next_step_handler(message, answer)

    setting.feed(updates.message("/ask"), updates.message("Ann"), updates.message("Bob"))
    registered.set()

    assert setting.heard.take(2) == [("step", "Ann"), ("step", "Bob")]


@pytest.mark.parametrize("error", [asyncio.CancelledError, SystemExit, KeyboardInterrupt])
def test_a_handler_that_ends_in_what_is_no_exception_costs_no_thread(
    setting: Setting, error: type[BaseException]
) -> None:
    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        if message.text == "end":
            raise error
        setting.heard.say(message.text)

    setting.feed(*(updates.message("end") for _ in range(5)), updates.message("next"))

    assert setting.heard.take(1) == ["next"]
    assert setting.errors.kinds() == [error.__name__] * 5


def test_a_handler_that_ends_in_a_cancellation_ends_no_bot_without_threads() -> None:
    setting = Setting(MemoryStorage(), bot={"threaded": False})

    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        raise asyncio.CancelledError

    setting.feed(updates.message("end"), updates.message("end"))
    setting.close()

    assert setting.errors.kinds() == ["CancelledError"] * 2


def test_anonymous_administrators_of_two_groups_are_two_users(setting: Setting) -> None:
    setting.bot.setup_middleware(StateMiddleware(setting.bot))

    @setting.bot.message_handler()
    def look(message: Any, state: StateContext) -> None:
        state.set(f"of {message.chat.id}")
        setting.heard.say((repr(user), state.get()))

    for chat in (-1001, -1002):
        setting.feed(speakers.anonymous_admin(chat))

    assert sorted(setting.heard.take(2)) == [
        ("<user: '-1001'>", "of -1001"),
        ("<user: '-1002'>", "of -1002"),
    ]


def test_the_dialogues_of_a_group_move_to_its_supergroup(setting: Setting) -> None:
    @setting.bot.message_handler(content_types=["migrate_to_chat_id", "migrate_from_chat_id"])
    def moved(message: Any) -> None:
        setting.heard.say(setting.bot.get_state(7, -1001))

    setting.bot.set_state(7, "name", -7)
    setting.feed(speakers.moved_to(-7, -1001), speakers.moved_from(-7, -1001))

    assert setting.heard.take(2) == ["name", "name"]


class Fails(BaseMiddleware):
    """A middleware of somebody's own that fails."""

    def __init__(self) -> None:
        self.update_types = ["message"]

    @override
    def pre_process(self, message: Any, data: Any) -> None:
        if message.text == "fail":
            raise ZeroDivisionError

    @override
    def post_process(self, message: Any, data: Any, exception: Any) -> None:
        """Nothing to do."""


def test_what_one_update_does_wrong_is_its_own_and_no_thread_is_lost(setting: Setting) -> None:
    setting.bot.setup_middleware(Fails())

    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        setting.heard.say(message.text)

    # More than there are threads: each would stand still after an error that nobody takes.
    setting.feed(*(updates.message("fail") for _ in range(5)), updates.message("next"))

    assert setting.heard.take(1) == ["next"]
    assert setting.errors.kinds() == ["ZeroDivisionError"] * 5


@pytest.mark.parametrize("class_middlewares", [False, True])
@pytest.mark.parametrize("threaded", [False, True])
def test_a_storage_that_fails_fails_one_update_and_tells_the_exception_handler(
    class_middlewares: bool, threaded: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = MemoryStorage()
    setting = Setting(storage, bot={"use_class_middlewares": class_middlewares, "threaded": threaded})
    setting.bot.add_custom_filter(StateFilter(setting.bot))

    @setting.bot.message_handler(state="name")
    def name(message: Any) -> None:
        setting.heard.say(message.text)

    setting.bot.set_state(7, "name", 7)

    async def fails(*arguments: Any) -> Any:
        raise StorageUnavailableError("storage", "it failed on command")

    with monkeypatch.context() as patch:
        patch.setattr(storage, "_get", fails)
        for _ in range(3):
            setting.feed(updates.message("lost"))
        errors = [type(setting.errors.seen.get(timeout=10)).__name__ for _ in range(3)]
    setting.feed(updates.message("Ann"))
    heard = setting.heard.take(1)
    setting.close()

    assert errors == ["StorageUnavailableError"] * 3
    assert heard == ["Ann"]


@pytest.mark.parametrize("ordered", [False, lambda event: event.text != "/cancel"])
def test_order_can_be_left_out(ordered: Any) -> None:
    setting, cancelled = Setting(MemoryStorage(), ordered=ordered), threading.Event()

    @setting.bot.message_handler(commands=["cancel"])
    def cancel(message: Any) -> None:
        cancelled.set()

    @setting.bot.message_handler()
    def work(message: Any) -> None:
        setting.heard.say(cancelled.wait(10))

    setting.feed(updates.message("work"), updates.message("/cancel"))
    heard = setting.heard.take(1)
    setting.close()

    assert heard == [True]


def test_a_function_that_fails_to_decide_on_order_fails_one_update() -> None:
    setting = Setting(MemoryStorage(), ordered=lambda event: event.text[0] != "/")

    @setting.bot.message_handler(content_types=["text", "photo"])
    def handle(message: Any) -> None:
        setting.heard.say(message.text)

    setting.feed(speakers.photo("no text"), updates.message("next"))
    heard = setting.heard.take(1)
    setting.close()

    assert heard == ["next"]
    assert setting.errors.kinds() == ["TypeError"]


def test_two_bots_as_in_two_processes_keep_a_users_order() -> None:
    storage, inside, most = MemoryStorage(), [0], [0]
    settings = [Setting(storage, across_processes=True) for _ in range(2)]
    for setting in settings:

        @setting.bot.message_handler()
        def enter(message: Any, setting: Setting = setting) -> None:
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            setting.bot.get_state(7, 7)
            inside[0] -= 1
            setting.heard.say(message.text)

    for setting in settings * 4:
        setting.feed(updates.message("x"))
    for setting in settings:
        setting.heard.take(4)
    for setting in settings:
        setting.bot.stop_bot()

    assert most == [1]


def test_a_dialogue_that_nobody_goes_on_with_is_forgotten() -> None:
    clock = FakeClock()
    setting = Setting(MemoryStorage(clock=clock), idle_ttl=60, bot={"threaded": False})
    setting.bot.set_state(7, "a", 7)
    clock.advance(59)
    kept = setting.bot.get_state(7, 7)
    clock.advance(2)
    forgotten: Any = setting.bot.get_state(7, 7)
    setting.close()

    assert (kept, forgotten) == ("a", None)


def test_a_bot_without_threads_has_its_user_and_may_feed_itself() -> None:
    setting = Setting(MemoryStorage(), bot={"threaded": False})

    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        if message.text == "outer":
            setting.feed(updates.message("inner", user=8))
        setting.heard.say((message.text, repr(user)))

    setting.feed(updates.message("outer"))
    heard = setting.heard.take(2)
    setting.close()

    assert heard == [("inner", "<user: '8'>"), ("outer", "<user: '7'>")]


def test_a_bot_without_threads_that_would_wait_for_itself_says_so() -> None:
    setting = Setting(MemoryStorage(), across_processes=True, bot={"threaded": False})

    @setting.bot.message_handler()
    def handle(message: Any) -> None:
        if message.text == "outer":
            setting.feed(updates.message("inner"))
        setting.heard.say(message.text)

    setting.feed(updates.message("outer"))
    heard = setting.heard.take(1)
    setting.close()

    assert heard == ["outer"]
    assert setting.errors.kinds() == ["DeadlockError"]


def test_polling_opens_the_storage_and_its_end_stops_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = SQLiteStorage(tmp_path / "sync.db")
    setting = Setting(storage)
    monkeypatch.setattr(choice, "configured", storage)
    asked = threading.Event()

    def answer(method: str, url: str, **request: Any) -> Any:
        if url.endswith("/getMe"):
            return _Answer('{"ok": true, "result": {"id": 42, "is_bot": true, "first_name": "Bot"}}')
        setting.heard.say((tmp_path / "sync.db").exists())
        setting.bot.stop_polling()
        asked.set()
        return _Answer('{"ok": true, "result": []}')

    monkeypatch.setattr(apihelper, "CUSTOM_REQUEST_SENDER", answer)
    setting.bot.polling()

    assert setting.heard.take(1) == [True]
    assert not (tmp_path / "sync.db-wal").exists()
    setting.close()


class _Answer:
    """What requests would return."""

    status_code = 200

    def __init__(self, text: str) -> None:
        self.text = text

    def json(self) -> Any:
        return json.loads(self.text)


def test_queues_forget_what_is_done() -> None:
    work: list[Any] = []
    queues, log = DialogueQueues(work.append), list[int]()
    for number in range(3):
        queues.put("7", None, lambda number=number: log.append(number))  # type: ignore[misc] # a default
    begun = len(work)
    while work:
        work.pop(0)()

    assert begun == 1
    assert log == [0, 1, 2]
    assert queues._queues == {}
    assert queues.drain(0)
