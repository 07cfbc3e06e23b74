"""What this package raises beside Botkeep's own errors.

::

    BotkeepError
    ├── NotSetUpError       a view was used without `setup_persistence`   (also a RuntimeError)
    ├── ViewError           a view that could not survive a restart       (also a ValueError)
    ├── StateKeyTakenError  another bot on the same storage has it        (also a ValueError)
    └── NoMigrationError    stored keywords of a version without a way to the class's own
"""

from __future__ import annotations

from botkeep import BotkeepError


class NotSetUpError(BotkeepError, RuntimeError):
    """A view has no storage: nobody called `setup_persistence` for the client, or it was closed.

    Attributes:
        client: the client that was asked for; None: any.
    """

    def __init__(self, client: object = None) -> None:
        super().__init__(client)
        self.client = client

    def __str__(self) -> str:
        whose = "any one client" if self.client is None else repr(self.client)
        return (
            f"there is no storage for the views of {whose}: call `await setup_persistence(client, ...)` once "
            "in its setup_hook; with several clients, send a view before its state is used"
        )


class ViewError(BotkeepError, ValueError):
    """A view that a restarted bot could not bring back to life.

    Attributes:
        view: the view.
        reason: what is wrong with it, and what would be right.
    """

    def __init__(self, view: object, reason: str) -> None:
        super().__init__(view, reason)
        self.view = view
        self.reason = reason

    def __str__(self) -> str:
        key = getattr(self.view, "state_key", None)
        return f"{type(self.view).__qualname__} {key!r}: {self.reason}"


class StateKeyTakenError(BotkeepError, ValueError):
    """A state key belongs to a view of another bot that uses the same storage.

    Attributes:
        state_key: the key.
        bot_id: the id of the other bot.
    """

    def __init__(self, state_key: str, bot_id: int) -> None:
        super().__init__(state_key, bot_id)
        self.state_key = state_key
        self.bot_id = bot_id

    def __str__(self) -> str:
        return (
            f"the state key {self.state_key!r} belongs to the bot {self.bot_id}, which shares the storage: "
            "choose keys that tell the bots apart"
        )


class NoMigrationError(BotkeepError):
    """A view was stored by another version of its class, and nothing leads from there to this one.

    Attributes:
        version: what the stored keywords are.
        wanted: what the class takes.
    """

    def __init__(self, version: int, wanted: int) -> None:
        super().__init__(version, wanted)
        self.version = version
        self.wanted = wanted

    def __str__(self) -> str:
        if self.version > self.wanted:
            return (
                f"stored by version {self.version} of the class, and this is the older version {self.wanted}"
            )
        return f"stored by version {self.version} of the class, which has no migrations[{self.version}]"
