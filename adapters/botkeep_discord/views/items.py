"""The items of a view: a button is known again after a restart by the custom id that its author chose."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import discord

from botkeep_discord.errors import ViewError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from discord.ui.view import BaseView


def items_of(view: BaseView) -> list[discord.ui.Item[Any]]:
    """Return all items, those inside rows and containers too."""
    # Up to discord.py 2.5 nothing had items inside.
    walk = getattr(view, "walk_children", None)
    return list(view.children if walk is None else walk())


def dynamic_items_of(view: BaseView) -> set[type[discord.ui.DynamicItem[Any]]]:
    """Return the classes of dynamic items that the view shows."""
    return {type(item) for item in items_of(view) if isinstance(item, discord.ui.DynamicItem)}


def check_items(view: BaseView) -> None:
    """Raise unless every item of a view will be known again after a restart.

    Raises:
        ViewError: an item has no custom id of its own, or two have the same; or the view has a timeout.
    """
    if view.timeout is not None:
        raise ViewError(view, f"has a timeout of {view.timeout} s; a view that outlives the bot has none")
    items = [item for item in items_of(view) if item.is_dispatchable()]
    for item in items:
        if not item.is_persistent():
            raise ViewError(
                view,
                f"{described(item, view)} has no custom_id of its own, so that nothing connects it with its "
                "callback after a restart; give it one: custom_id='...'",
            )
    _check_distinct(view, items)


def _check_distinct(view: BaseView, items: Iterable[Any]) -> None:
    custom_ids = Counter(item.custom_id for item in items)
    for custom_id, count in custom_ids.items():
        if count > 1:
            namesakes = [described(item, view) for item in items if item.custom_id == custom_id]
            raise ViewError(view, f"{' and '.join(namesakes)} have the same custom_id {custom_id!r}")


def described(item: discord.ui.Item[Any], view: BaseView) -> str:
    """Return the kind of item, the attribute that holds it and the text it shows, for an error."""
    attribute = next((name for name, held in vars(view).items() if held is item), "")
    # The label of a text input is deprecated: merely asking for it warns.
    shown = item.label if isinstance(item, discord.ui.Button) else getattr(item, "placeholder", None)
    words = ["the", type(item).__name__.lower(), attribute, repr(shown) if shown else ""]
    return " ".join(word for word in words if word)
