"""The objects that Discord sends, as plain dicts; ids are strings there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

Payload = dict[str, Any]

APPLICATION: Final = 1000
CHANNEL: Final = 77
CATEGORY: Final = 4

BOT: Final[Payload] = {
    "id": str(APPLICATION),
    "username": "bot",
    "discriminator": "0000",
    "avatar": None,
    "bot": True,
    "global_name": None,
}


def user(identifier: int) -> Payload:
    return {
        "id": str(identifier),
        "username": f"user{identifier}",
        "discriminator": "0",
        "avatar": None,
        "global_name": None,
    }


def member(identifier: int) -> Payload:
    return {
        "user": user(identifier),
        "roles": [],
        "joined_at": "2026-01-01T00:00:00+00:00",
        "deaf": False,
        "mute": False,
        "flags": 0,
        "permissions": "0",
    }


def application() -> Payload:
    return {
        "id": str(APPLICATION),
        "name": "application",
        "description": "",
        "icon": None,
        "bot_public": True,
        "bot_require_code_grant": False,
        "owner": user(1),
        "verify_key": "",
    }


def direct_channel(identifier: int) -> Payload:
    return {"id": str(identifier), "type": 1, "recipients": [user(1)], "last_message_id": None}


def text_channel(identifier: int, guild: int) -> Payload:
    return {**category(identifier, guild), "type": 0, "name": "text", "topic": None, "last_message_id": None}


def thread(identifier: int, guild: int, parent: int) -> Payload:
    return {
        "id": str(identifier),
        "type": 11,
        "guild_id": str(guild),
        "parent_id": str(parent),
        "owner_id": "1",
        "name": "thread",
        "last_message_id": None,
        "message_count": 0,
        "member_count": 1,
        "thread_metadata": {
            "archived": False,
            "auto_archive_duration": 60,
            "archive_timestamp": "2026-01-01T00:00:00+00:00",
            "locked": False,
        },
    }


def guild(identifier: int, *, channels: Sequence[Payload] = (), threads: Sequence[Payload] = ()) -> Payload:
    return {
        "id": str(identifier),
        "name": "guild",
        "owner_id": "1",
        "features": [],
        "roles": [{**role(identifier), "name": "@everyone"}],
        "emojis": [],
        "members": [],
        "member_count": 1,
        "channels": list(channels),
        "threads": list(threads),
        "large": False,
        "unavailable": False,
    }


def category(identifier: int, guild: int) -> Payload:
    return {
        "id": str(identifier),
        "type": CATEGORY,
        "guild_id": str(guild),
        "name": "category",
        "position": 0,
        "permission_overwrites": [],
        "nsfw": False,
    }


def message(identifier: int, channel: int, body: Payload | None = None) -> Payload:
    body = body or {}
    return {
        "id": str(identifier),
        "channel_id": str(channel),
        "author": BOT,
        "content": body.get("content") or "",
        "timestamp": "2026-01-01T00:00:00+00:00",
        "edited_timestamp": None,
        "tts": False,
        "mention_everyone": False,
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": body.get("embeds") or [],
        "pinned": False,
        "type": 0,
        "components": body.get("components") or [],
        "flags": body.get("flags") or 0,
    }


def interaction(
    identifier: int, kind: int, data: Payload, *, user_id: int, guild: int | None = None, **fields: Any
) -> Payload:
    """What every interaction has; in a guild (a server) it comes from a member, else from a user."""
    sender = {"user": user(user_id)} if guild is None else {"member": member(user_id), "guild_id": str(guild)}
    return {
        "id": str(identifier),
        "application_id": str(APPLICATION),
        "type": kind,
        "data": data,
        "token": f"token{identifier}",
        "version": 1,
        "attachment_size_limit": 0,
        "channel": direct_channel(CHANNEL),
        "channel_id": str(CHANNEL),
        "locale": "en-US",
        "entitlements": [],
        "authorizing_integration_owners": {},
        **sender,
        **fields,
    }


def command(identifier: int, name: str, *, options: dict[str, Any] | None = None, **who: Any) -> Payload:
    """Use a command; an option that is an int is a role."""
    options = options or {}
    given = [_option(option, value) for option, value in options.items()]
    resolved = {"roles": {str(value): role(value) for value in options.values() if isinstance(value, int)}}
    data = {"id": "9", "name": name, "type": 1, "options": given, "resolved": resolved}
    return interaction(identifier, 2, data, **who)


def _option(name: str, value: str | int) -> Payload:
    return {"name": name, "type": 8 if isinstance(value, int) else 3, "value": str(value)}


def role(identifier: int) -> Payload:
    return {
        "id": str(identifier),
        "name": f"role{identifier}",
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "position": 1,
        "permissions": "0",
        "managed": False,
        "mentionable": False,
        "flags": 0,
    }


def autocomplete(identifier: int, name: str, option: str, typed: str, **who: Any) -> Payload:
    focused = {"name": option, "type": 3, "value": typed, "focused": True}
    return interaction(identifier, 4, {"id": "9", "name": name, "type": 1, "options": [focused]}, **who)


def click(identifier: int, on: Payload, custom_id: str, **who: Any) -> Payload:
    return interaction(identifier, 3, {"custom_id": custom_id, "component_type": 2}, message=on, **who)


def choice(identifier: int, on: Payload, custom_id: str, values: Sequence[str], **who: Any) -> Payload:
    data = {"custom_id": custom_id, "component_type": 3, "values": list(values)}
    return interaction(identifier, 3, data, message=on, **who)


def submission(identifier: int, modal: Payload, values: dict[str, str], **who: Any) -> Payload:
    """A modal as a user sends it back: what each text field, by its custom id, was filled with."""
    rows = [
        {"type": 1, "components": [{"type": 4, "custom_id": custom_id, "value": value}]}
        for custom_id, value in values.items()
    ]
    return interaction(identifier, 5, {"custom_id": modal["custom_id"], "components": rows}, **who)
