"""What runs around each event of the gateway: its user, its order, its deadline.

The library documents no place for it. All of it is in the tables by which a client's connection finds what
reads each kind of event, and what keeps the views that messages show.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import discord

from botkeep.ambient import inherited_user
from botkeep_discord.interactions.actors import ACTORS, INTERACTION, MESSAGE, Actor
from botkeep_discord.interactions.order import OrderedHandlers, is_ordered
from botkeep_discord.interactions.scope import InteractionScope, within

if TYPE_CHECKING:
    from botkeep_discord.persistence import Persistence

Parser = Callable[[Any], None]

_log = logging.getLogger("botkeep.discord")


def enter_events(persistence: Persistence, *, timeout: float, error_message: str, ordered: bool) -> None:
    """Run the handlers of each event as its user; those of an interaction within its deadline.

    Args:
        persistence: the client's; when it is closed, this ends.
        timeout: see `InteractionScope`.
        error_message: likewise.
        ordered: the handlers of one user's interactions and messages run one after another.
    """
    parsers = getattr(getattr(persistence.client, "_connection", None), "parsers", None)
    if parsers is None or INTERACTION not in parsers:
        if isinstance(persistence.client, discord.Client):
            _log.warning("this discord.py is not known: botkeep.user and the timeout of calls do not work")
        return
    former = dict(parsers)
    order = OrderedHandlers() if ordered else None
    for event, actor in ACTORS.items():
        parse = parsers.get(event)
        if parse is None:
            continue
        if order is not None and event in {INTERACTION, MESSAGE}:
            parse = _in_order(parse, actor, order, persistence)
        parse = _as_actor(parse, actor)
        if event == INTERACTION:
            parse = _in_scope(parse, timeout, error_message)
        parsers[event] = parse
    persistence.at_close(lambda: parsers.update(former))


def _as_actor(parse: Parser, actor: Actor) -> Parser:
    @functools.wraps(parse)
    def parse_as_actor(data: Any) -> None:
        user_id = actor(data)
        with inherited_user(None if user_id is None else int(user_id)):
            parse(data)

    return parse_as_actor


def _in_order(parse: Parser, actor: Actor, order: OrderedHandlers, persistence: Persistence) -> Parser:
    @functools.wraps(parse)
    def parse_in_order(data: Any) -> None:
        user_id = actor(data)
        if user_id is None or user_id == str(persistence.bot_id) or not is_ordered(data):
            parse(data)
        else:
            order.start(user_id, lambda: parse(data))

    return parse_in_order


def _in_scope(parse: Parser, timeout: float, error_message: str) -> Parser:
    @functools.wraps(parse)
    def parse_in_scope(data: Any) -> None:
        within(InteractionScope(timeout, error_message), lambda: parse(data))

    return parse_in_scope
