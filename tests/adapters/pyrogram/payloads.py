"""Updates as Telegram sends them.

They are written as bytes of MTProto and read again, so that what is absent is what the framework makes of it.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from pyrogram import raw
from pyrogram.raw.core import TLObject

BOT = 42
GROUP, CHANNEL, OLD_GROUP = 1_000_000_055, 1_000_000_066, 5555
"""On the wire; for handlers they are -1001000000055, -1001000000066 and -5555."""

_numbers = itertools.count(1)

Peer = raw.types.PeerUser
InChannel = raw.types.PeerChannel


def received(*updates: Any, more_groups: Sequence[int] = ()) -> Any:
    """What arrives: updates with all users and chats that they may be about."""
    everybody = [person(number) for number in (7, 8, 9)] + [me()]
    chats = [_channel(GROUP, megagroup=True, forum=True), _channel(CHANNEL, broadcast=True)]
    chats += [_old_group(number) for number in (OLD_GROUP, *more_groups)]
    return from_wire(raw.types.Updates(updates=list(updates), users=everybody, chats=chats, date=0, seq=0))


def from_wire(content: Any) -> Any:
    """Return it as it arrives."""
    return TLObject.read(BytesIO(content.write()))


def message(text: str, *, user: int = 7, **more: Any) -> Any:
    """A text message in a private chat."""
    return received(_new_message(text, Peer(user_id=user), Peer(user_id=user), **more))


def button(data: bytes, *, user: int = 7) -> Any:
    """A press on an inline button."""
    return received(
        raw.types.UpdateBotCallbackQuery(
            query_id=next(_numbers),
            user_id=user,
            peer=Peer(user_id=user),
            msg_id=1,
            chat_instance=1,
            data=data,
        )
    )


def in_group(sender: Any, **more: Any) -> Any:
    """A message in a supergroup; None: of an anonymous administrator."""
    return received(_channel_message(GROUP, sender, **more))


def linked_post() -> Any:
    """What Telegram puts into a channel's discussion group when the channel posts."""
    source = InChannel(channel_id=CHANNEL)
    origin = _filled(
        raw.types.MessageFwdHeader,
        date=_now(),
        from_id=source,
        channel_post=3,
        saved_from_peer=source,
        saved_from_msg_id=3,
    )
    return received(_channel_message(GROUP, source, fwd_from=origin))


def channel_post() -> Any:
    """A post in a channel."""
    return received(_channel_message(CHANNEL, None, post=True))


def topic_message(topic: int) -> Any:
    """A message in a topic of a forum."""
    reply = _filled(raw.types.MessageReplyHeader, forum_topic=True, reply_to_msg_id=topic)
    return received(_channel_message(GROUP, Peer(user_id=7), reply_to=reply))


def inline_query() -> Any:
    """What a user types after the bot's name, in whatever chat."""
    return received(
        _filled(raw.types.UpdateBotInlineQuery, query_id=next(_numbers), user_id=7, query="pizza", offset="")
    )


def business_message(connection: str = "bc1") -> Any:
    """A message of a customer to a business account that the bot is connected to; kurigram only."""
    customer = Peer(user_id=7)
    return received(
        _filled(
            raw.types.UpdateBotNewBusinessMessage,
            connection_id=connection,
            message=_content("hi", customer, customer),
            qts=1,
        )
    )


def reaction(actor: Any) -> Any:
    """A reaction to a message in a supergroup; kurigram only."""
    return received(
        raw.types.UpdateBotMessageReaction(
            peer=InChannel(channel_id=GROUP),
            msg_id=1,
            date=_now(),
            actor=actor,
            old_reactions=[],
            new_reactions=[raw.types.ReactionEmoji(emoticon="👍")],
            qts=1,
        )
    )


def poll_answer() -> Any:
    """A vote in a poll that is not anonymous; kurigram only."""
    return received(
        raw.types.UpdateMessagePollVote(poll_id=1, peer=Peer(user_id=7), options=[b"0"], positions=[0], qts=1)
    )


def join_request() -> Any:
    """Somebody asks to be let into a supergroup."""
    return received(
        _filled(
            raw.types.UpdateBotChatInviteRequester,
            peer=InChannel(channel_id=GROUP),
            date=_now(),
            user_id=7,
            about="me",
            invite=raw.types.ChatInvitePublicJoinRequests(),
            qts=1,
        )
    )


def status() -> Any:
    """A user went offline."""
    return received(
        raw.types.UpdateUserStatus(user_id=7, status=raw.types.UserStatusOffline(was_online=_now()))
    )


def deleted_messages() -> Any:
    """Somebody deleted messages; nobody knows who."""
    return received(
        raw.types.UpdateDeleteChannelMessages(channel_id=GROUP, messages=[1, 2], pts=1, pts_count=1)
    )


def migrated_to() -> Any:
    """The last message of a group that has become a supergroup."""
    action = raw.types.MessageActionChatMigrateTo(channel_id=GROUP)
    content = _service(action, raw.types.PeerChat(chat_id=OLD_GROUP))
    return received(raw.types.UpdateNewMessage(message=content, pts=1, pts_count=1))


def migrated_from() -> Any:
    """The first message of that supergroup."""
    action = raw.types.MessageActionChannelMigrateFrom(title="G", chat_id=OLD_GROUP)
    content = _service(action, InChannel(channel_id=GROUP))
    return received(raw.types.UpdateNewChannelMessage(message=content, pts=1, pts_count=1))


def in_old_group(text: str, *, user: int = 7, group: int = OLD_GROUP) -> Any:
    """A message in a group that is no supergroup yet."""
    chat = raw.types.PeerChat(chat_id=group)
    return received(_new_message(text, Peer(user_id=user), chat), more_groups=[group])


def album(name: int, *texts: str, user: int = 7) -> list[Any]:
    """The parts of an album, which Telegram sends one by one."""
    return [message(text, user=user, grouped_id=name) for text in texts]


def person(number: int, **more: Any) -> Any:
    """A user."""
    return raw.types.User(id=number, first_name="U", access_hash=number, **more)


def me() -> Any:
    """The bot."""
    return person(BOT, bot=True, is_self=True, bot_info_version=1)


def _channel_message(channel: int, sender: Any, **more: Any) -> Any:
    content = _content("hi", sender, InChannel(channel_id=channel), **more)
    return raw.types.UpdateNewChannelMessage(message=content, pts=1, pts_count=1)


def _new_message(text: str, sender: Any, peer: Any, **more: Any) -> Any:
    return raw.types.UpdateNewMessage(message=_content(text, sender, peer, **more), pts=1, pts_count=1)


def _content(text: str, sender: Any, peer: Any, **more: Any) -> Any:
    command = [raw.types.MessageEntityBotCommand(offset=0, length=len(text))] if text[:1] == "/" else None
    return raw.types.Message(
        id=next(_numbers), peer_id=peer, from_id=sender, date=_now(), message=text, entities=command, **more
    )


def _service(action: Any, peer: Any) -> Any:
    return raw.types.MessageService(
        id=next(_numbers), peer_id=peer, from_id=Peer(user_id=7), date=_now(), action=action
    )


def _channel(number: int, **more: Any) -> Any:
    photo = raw.types.ChatPhotoEmpty()
    return raw.types.Channel(id=number, title="C", photo=photo, date=0, access_hash=number, **more)


def _old_group(number: int) -> Any:
    photo = raw.types.ChatPhotoEmpty()
    return raw.types.Chat(
        id=number, title="G", photo=photo, participants_count=2, date=0, version=1, deactivated=False
    )


def _filled(kind: Any, **fields: Any) -> Any:
    """What one layer of the API requires and another does not know is None."""
    return kind(**{**dict.fromkeys(kind.__slots__), **fields})


def _now() -> int:
    return int(time.time())
