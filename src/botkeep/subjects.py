"""Who an update is about: decided here, once, for dialogues, limits, order and `botkeep.user` alike.

An adapter reads the ids out of its framework's update and makes a `Subject` of them; everything that tells
people apart asks that. So a person's dialogue, their limits and their `user` never disagree on who it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias, get_args

from botkeep.fsm.state_keys import KeyStrategy, StateKey, state_key

Scope: TypeAlias = Literal["user", "chat", "global"]
"""What a limit counts together: each user, each chat, or all updates of the bot."""

_SCOPES: Final = get_args(Scope)


@dataclass(frozen=True)
class Subject:
    """The ids of an update; None where it has none.

    Attributes:
        bot_id: the bot that got the update; two bots on one storage never meet.
        chat_id: the chat, channel or group.
        user_id: who speaks: see `speaker_id`.
        thread_id: the topic of a forum, or the thread.
        business_connection_id: the connection of a Telegram business account.
    """

    bot_id: int
    chat_id: int | None = None
    user_id: int | None = None
    thread_id: int | None = None
    business_connection_id: str | None = None

    def state_key(
        self, strategy: KeyStrategy | str = KeyStrategy.USER_IN_CHAT, *, destiny: str = "default"
    ) -> StateKey | None:
        """Return the key of the dialogue that the update belongs to; None: it belongs to none.

        Raises:
            ValueError: an unknown strategy.
        """
        return state_key(
            strategy,
            bot_id=self.bot_id,
            chat_id=self.chat_id,
            user_id=self.user_id,
            thread_id=self.thread_id,
            business_connection_id=self.business_connection_id,
            destiny=destiny,
        )

    def rate_key(self, scope: Scope, group: str = "") -> str | None:
        """Return what a limit counts the update as; None: it has no such user or chat, and is not limited.

        Args:
            scope: what is counted together.
            group: keeps counts apart, those of one handler, say; "": the adapter's common count.

        Raises:
            ValueError: an unknown scope.
        """
        check_scope(scope)
        start = f"{self.bot_id}/{group}/{scope}" if group else f"{self.bot_id}/{scope}"
        if scope == "global":
            return start
        whose = self.user_id if scope == "user" else self.chat_id
        return None if whose is None else f"{start}/{whose}"


def speaker_id(user_id: int | None, sender_chat_id: int | None) -> int | None:
    """Return the id of who speaks: the chat, where a chat speaks for itself, else the user; None: nobody.

    Telegram puts a placeholder account into ``from`` when a group's anonymous administrator (1087968824), a
    channel in a group (136817688) or a linked channel (777000) speaks: all groups would share one person. Who
    it is stands in the message's ``sender_chat`` (core.telegram.org/bots/api#message), in the ``actor_chat``
    of a reaction and in the ``voter_chat`` of a poll's answer.

    Args:
        user_id: the id of ``from``, or of ``user``.
        sender_chat_id: the id of ``sender_chat``, ``actor_chat`` or ``voter_chat``.
    """
    return user_id if sender_chat_id is None else sender_chat_id


def check_scope(scope: str) -> None:
    """Raise unless the scope is one that limits know.

    Raises:
        ValueError: it is another word.
    """
    if scope not in _SCOPES:
        raise ValueError(f'scope must be "user", "chat" or "global", not {scope!r}')
