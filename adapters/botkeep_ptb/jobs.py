"""Jobs of python-telegram-bot's `JobQueue`: `botkeep.user` is the user whom a job was scheduled for."""

from __future__ import annotations

from typing import Any

from telegram import Update
from telegram.ext import Application, ContextTypes, Job
from typing_extensions import override

from botkeep import acting_user
from botkeep_ptb.subjects import subject_of


def contexts_that_know_the_user(
    context_types: ContextTypes[Any, Any, Any, Any],
) -> ContextTypes[Any, Any, Any, Any]:
    """Return context types whose jobs act for their own user.

    A job runs in a copy of the `contextvars` of whoever scheduled the last one, so it would act for that
    user. python-telegram-bot makes a job's context in the task that then calls the job, so there the user is
    set: to the job's ``user_id``, to whom a conversation that timed out was with, or to nobody.
    """
    context: Any = context_types.context

    class JobContext(context):  # type: ignore[misc] # the application's own, of whatever class that is
        __slots__ = ()

        @override
        @classmethod
        def from_job(cls, job: Job[Any], application: Application[Any, Any, Any, Any, Any, Any]) -> Any:
            acting_user(_user_of(job, application)).__enter__()  # to the end of the task
            return super().from_job(job, application)

    for name in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(JobContext, name, getattr(context, name))
    return ContextTypes(
        context=JobContext,
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
