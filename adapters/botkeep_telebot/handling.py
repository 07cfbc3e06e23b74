"""The update that is being handled: who it is about, and what becomes of its errors."""

from __future__ import annotations

import inspect
import logging
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

from telebot import TeleBot
from telebot.async_telebot import AsyncTeleBot

from botkeep import StateKey, Subject
from botkeep_telebot.subjects import person_id, subject_of

_log = logging.getLogger("botkeep.telebot")


class Handled(NamedTuple):
    """An event on its way to the handlers.

    Attributes:
        subject: whom it is about.
        person_id: the account that it names: of Telegram's placeholders, if a chat speaks.
        album: the ``media_group_id`` of a message; None: it belongs to no album.
        ordered: it waits for the earlier events of its dialogue.
    """

    subject: Subject
    person_id: int | None
    album: str | None
    ordered: bool

    @property
    def key(self) -> StateKey | None:
        """The key of the dialogue, as pyTelegramBotAPI's ``resolve_context`` finds it; None: it has none."""
        return self.subject.state_key("user_in_topic")

    def speaker(self, number: int) -> int:
        """Return the id of who speaks in place of the account that this event names."""
        speaks = self.subject.user_id
        return speaks if number == self.person_id and speaks is not None else number


handled: Final[ContextVar[Handled | None]] = ContextVar("botkeep_telebot.handled", default=None)
"""What the running handler handles; None: no handler of a bot that `setup_botkeep` was called for."""


def handled_event(event: Any, bot_id: int | None, *, ordered: bool) -> Handled:
    """Return an event with what handling it needs to know."""
    album = getattr(event, "media_group_id", None)
    return Handled(subject_of(event, bot_id), person_id(event), album, ordered)


def calling_bot() -> AsyncTeleBot | TeleBot:
    """Return the bot that runs the calling middleware.

    pyTelegramBotAPI hands a middleware neither itself nor its id, and two bots on one storage must be told
    apart: the bot is the ``self`` of the method that called.

    Raises:
        RuntimeError: none did.
    """
    frame = inspect.currentframe()
    while frame is not None:
        caller = frame.f_locals.get("self")
        if isinstance(caller, (AsyncTeleBot, TeleBot)):
            return caller
        frame = frame.f_back
    raise RuntimeError("this middleware works in a bot: give it to bot.setup_middleware(...)")


async def report(bot: AsyncTeleBot, error: BaseException) -> None:
    """Hand an error to an asynchronous bot's exception handler, and log it unless that has handled it."""
    try:
        answer = bot.exception_handler.handle(error) if bot.exception_handler else False  # type: ignore[no-untyped-call] # the framework's own
        done = await answer if inspect.isawaitable(answer) else answer
    except Exception:  # noqa: BLE001 # the error of an error handler must not hide the first
        _log.exception("the exception handler itself failed")
        done = False
    _log_unless(done, error)


def report_synchronously(bot: TeleBot, error: BaseException) -> None:
    """Do the same for a synchronous bot."""
    try:
        done = bot.exception_handler.handle(error) if bot.exception_handler else False  # type: ignore[no-untyped-call] # the framework's own
    except Exception:  # noqa: BLE001 # the error of an error handler must not hide the first
        _log.exception("the exception handler itself failed")
        done = False
    _log_unless(done, error)


def _log_unless(done: object, error: BaseException) -> None:
    if not done:
        _log.error("an update was not handled to its end: %s", error, exc_info=error)
