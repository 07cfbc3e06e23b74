"""The contexts of handlers and jobs: whom a job is for, and what becomes of data that cannot be read."""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any, Final

from telegram import Update
from telegram.ext import Application, ApplicationHandlerStop, ContextTypes, Job
from typing_extensions import override

from botkeep import BotkeepError, acting_user
from botkeep_ptb.subjects import subject_of

_update: Final[ContextVar[object]] = ContextVar("botkeep_ptb.update", default=None)


def extend_contexts(context_types: ContextTypes[Any, Any, Any, Any]) -> ContextTypes[Any, Any, Any, Any]:
    """Return context types with a class of contexts that is the application's own but for two things.

    A job runs in a copy of the `contextvars` of whoever scheduled the last one, so it would act for that
    user. python-telegram-bot makes a job's context in the task that then calls the job, so there the user is
    set: to the job's ``user_id``, to whom a conversation that timed out was with, or to nobody.

    Where data cannot be read anew (`SharedBotkeepPersistence`), python-telegram-bot would leave out one
    handler and call those of other groups with old data. Here the update is handled no further.
    """
    context: Any = context_types.context

    class ExtendedContext(context):  # type: ignore[misc] # the application's own, of whatever class that is
        __slots__ = ()

        @override
        @classmethod
        def from_job(cls, job: Job[Any], application: Application[Any, Any, Any, Any, Any, Any]) -> Any:
            acting_user(_user_of(job, application)).__enter__()  # to the end of the task
            return super().from_job(job, application)

        @override
        @classmethod
        def from_update(cls, update: object, application: Application[Any, Any, Any, Any, Any, Any]) -> Any:
            _update.set(update)
            return super().from_update(update, application)

        @override
        async def refresh_data(self) -> None:
            try:
                await super().refresh_data()
            except BotkeepError as exc:
                if self.job is not None:
                    raise
                await self.application.process_error(_update.get(), exc)
                raise ApplicationHandlerStop from exc

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(ExtendedContext, name, getattr(context, name))
    return ContextTypes(
        context=ExtendedContext,
        bot_data=context_types.bot_data,
        chat_data=context_types.chat_data,
        user_data=context_types.user_data,
    )


def _user_of(job: Job[Any], application: Application[Any, Any, Any, Any, Any, Any]) -> int | None:
    if job.user_id is not None:
        return job.user_id
    # A conversation that timed out: its last update is handled once more.
    update = getattr(job.data, "update", None)
    return subject_of(update, application.bot.id).user_id if isinstance(update, Update) else None
