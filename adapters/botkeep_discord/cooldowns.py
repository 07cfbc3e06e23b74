"""Cooldowns that are counted in the storage: they survive restarts and hold across shards and processes."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload
from weakref import WeakKeyDictionary

import discord
from discord import app_commands
from discord.ext import commands
from discord.ext.commands.hybrid import HybridAppCommand

from botkeep import Rate, RateLimiter
from botkeep_discord.interactions.sources import client_of, interaction_of
from botkeep_discord.persistence import NAMESPACE, Persistence, persistence_of
from botkeep_discord.views.classes import name_of

if TYPE_CHECKING:
    from botkeep.ratelimit.limiter import Policy
    from botkeep_discord.interactions.sources import Use

Key: TypeAlias = "Callable[[Any], Any] | commands.BucketType | None"

T = TypeVar("T")


def cooldown(
    rate: int,
    per: float,
    key: Key = commands.BucketType.user,
    *,
    name: str | None = None,
    on_unavailable: Policy = "allow",
) -> Cooldown:
    """Allow ``rate`` uses in ``per`` seconds; one too many raises the library's ``CommandOnCooldown``.

    After ``rate`` uses at once, one use comes back every ``per / rate`` seconds.

    Above a command of any kind it is a check; in a class, as ``interaction_check = cooldown(3, 10.0)``, it is
    that of a view, or of a command tree. Completions while the user types are not counted.

    Args:
        rate: how many uses.
        per: seconds.
        key: whose uses are counted together: a function of the interaction (of the context, for prefix
            commands) that returns an id, a text, or a tuple of them, and may be async; a ``BucketType``;
            None: everybody's. Users, guilds and channels count by their ids.
        name: cooldowns of one name share their counts; None: the name of the command, or of the class.
        on_unavailable: what becomes of a use that the storage could not count: "allow", "deny" or "raise".

    Raises:
        ValueError: the rate is not one.
    """
    return Cooldown(Rate(rate, per), key, name, on_unavailable)


class Cooldown:
    """What `cooldown` returns."""

    def __init__(self, rate: Rate, key: Key, name: str | None, on_unavailable: Policy) -> None:
        self._rate = rate
        self._key = key
        self._name = name
        self._policy: Policy = on_unavailable
        self._limiters: WeakKeyDictionary[Persistence, dict[str, RateLimiter]] = WeakKeyDictionary()

    def __set_name__(self, owner: type, _: str) -> None:
        self._name = self._name or name_of(owner)

    @overload
    def __call__(
        self, used: discord.Interaction[Any] | commands.Context[Any], /
    ) -> Coroutine[Any, Any, bool]: ...

    @overload
    def __call__(self, used: T, /) -> T: ...

    def __call__(self, used: Any, /) -> Any:
        """Check a use; or make this a check of a command, or of a function about to become one."""
        if isinstance(used, (discord.Interaction, commands.Context)):
            return self.check(used)
        if isinstance(used, commands.Command):
            return commands.check(self.check)(used)
        if isinstance(used, (app_commands.Command, app_commands.ContextMenu)):
            return app_commands.check(self.check)(used)
        return app_commands.check(self._check_application_command)(commands.check(self.check)(used))

    async def check(self, use: Use) -> bool:
        """Count a use; True, or the library's error.

        Raises:
            app_commands.CommandOnCooldown: too many, in an interaction.
            commands.CommandOnCooldown: too many, in a command with a context.
            NotSetUpError: `setup_persistence` was not called for the client.
        """
        interaction = interaction_of(use)
        if interaction is not None and interaction.type is discord.InteractionType.autocomplete:
            return True
        verdict = await self._limiter(use).hit(await self._bucket(use))
        if not verdict:
            raise self._error(use, verdict.retry_after)
        return True

    async def _check_application_command(self, interaction: discord.Interaction[Any]) -> bool:
        # A hybrid command runs the checks of both its kinds, and knows what to do with errors of the other.
        return isinstance(interaction.command, HybridAppCommand) or await self.check(interaction)

    def _limiter(self, use: Use) -> RateLimiter:
        persistence = persistence_of(client_of(use))
        name = self._name or str(getattr(use.command, "qualified_name", ""))
        limiters = self._limiters.setdefault(persistence, {})
        if name not in limiters:
            place = persistence.storage.namespace(NAMESPACE).namespace("cooldowns")
            limiters[name] = RateLimiter(
                place.namespace(name) if name else place,
                self._rate,
                strategy="gcra",
                on_unavailable=self._policy,
            )
        return limiters[name]

    async def _bucket(self, use: Use) -> str:
        if self._key is None:
            return "everybody"
        subject: Any = use
        if isinstance(self._key, commands.BucketType) and isinstance(use, discord.Interaction):
            subject = SimpleNamespace(author=use.user, guild=use.guild, channel=use.channel)
        return _text(await discord.utils.maybe_coroutine(self._key, subject))

    def _error(self, use: Use, retry_after: float) -> Exception:
        allowed = app_commands.Cooldown(self._rate.limit, self._rate.period)
        if isinstance(use, discord.Interaction):
            return app_commands.CommandOnCooldown(allowed, retry_after)
        kind = self._key if isinstance(self._key, commands.BucketType) else commands.BucketType.default
        return commands.CommandOnCooldown(allowed, retry_after, kind)


def _text(key: Any) -> str:
    """The key as every process writes it."""
    key = getattr(key, "id", key)
    if isinstance(key, tuple):
        return ",".join(map(_text, key))
    if key is None or (isinstance(key, (int, str)) and key != ""):
        return str(key)
    raise TypeError(f"a cooldown's key must be an id, a text or a tuple of them, not {key!r}")
