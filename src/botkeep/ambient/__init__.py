"""The ambient stores: `store`, shared by the whole bot, and `user`, private to whoever a handler serves."""

from __future__ import annotations

from botkeep.ambient.configuration import configure
from botkeep.ambient.current_user import acting_user, inherited_user
from botkeep.ambient.stores import Store, User, erase_user, store, user

__all__ = ["Store", "User", "acting_user", "configure", "erase_user", "inherited_user", "store", "user"]
