"""Limits that are counted in the storage: they survive restarts and hold across shards and processes."""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, overload
from weakref import WeakKeyDictionary

import discord
from discord import app_commands
from discord.ext import commands
from discord.ext.commands.hybrid import HybridAppCommand

from botkeep import BaseStorage, MemoryStorage, Rate, RateLimiter
from botkeep.abc import check_storage
from botkeep.ratelimit.rates import read_rates
from botkeep.subjects import check_scope
from botkeep_discord.interactions.sources import client_of, interaction_of, subject_of
from botkeep_discord.persistence import Persistence, persistence_of
from botkeep_discord.views.classes import name_of

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from botkeep import Scope
    from botkeep.ratelimit.limiter import LimiterSettings, Policy
    from botkeep.ratelimit.rates import Rates
    from botkeep_discord.interactions.sources import InvocationSource

Key: TypeAlias = "Callable[[Any], Any] | commands.BucketType | None"

T = TypeVar("T")


def rate_limit(
    storage: BaseStorage | None,
    rate: Rates,
    *,
    scope: Scope = "user",
    name: str | None = None,
    **settings: Unpack[LimiterSettings],
) -> Cooldown:
    """Allow so many uses; one too many raises the library's ``CommandOnCooldown``. Used as `cooldown` is.

    Args:
        storage: where uses are counted; None: where the client's views are stored.
        rate: ``"5/minute"``, ``"10 per 30s"``, or several.
        scope: what is counted together: each user, each chat (a channel, or a thread), or all uses of the
            bot. What has no user, as a webhook's message, is not limited by "user".
        name: limits of one name share their counts; None: the name of the command, or of the class.
        settings: for `botkeep.RateLimiter`: ``strategy``, ``on_unavailable``.

    Raises:
        TypeError: not a storage, or not a rate.
        ValueError: not a rate, an unknown scope or strategy.
    """
    check_scope(scope)
    if storage is not None:
        check_storage(storage)

    async def identify(source: InvocationSource) -> str | None:
        return subject_of(source).rate_key(scope)

    return Cooldown(read_rates(rate), identify, name=name, storage=storage, settings=settings)


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
    return Cooldown(
        (Rate(rate, per),),
        functools.partial(_identify, key),
        name=name,
        bucket=key if isinstance(key, commands.BucketType) else commands.BucketType.default,
        settings={"strategy": "gcra", "on_unavailable": on_unavailable},
    )


class Cooldown:
    """What `cooldown` and `rate_limit` return.

    Args:
        rates: a use needs room in all of them.
        identify: returns the identifier that a use is counted under; None: it is not counted.
        name: see `cooldown`.
        settings: of the limiter.
        storage: where uses are counted; None: where the client's views are stored.
        bucket: what the library's error says of who is counted.
    """

    def __init__(
        self,
        rates: tuple[Rate, ...],
        identify: Callable[[Any], Coroutine[Any, Any, str | None]],
        *,
        name: str | None,
        settings: LimiterSettings,
        storage: BaseStorage | None = None,
        bucket: commands.BucketType = commands.BucketType.default,
    ) -> None:
        # Refuses misspelt settings here, where they are written, and not at the first use.
        RateLimiter(MemoryStorage(), rates, **settings)
        self._rates = rates
        self._identify = identify
        self._name = name
        self._settings = settings
        self._storage = storage
        self._bucket = bucket
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

    async def check(self, source: InvocationSource) -> bool:
        """Count a use; True, or the library's error.

        Raises:
            app_commands.CommandOnCooldown: too many, in an interaction.
            commands.CommandOnCooldown: too many, in a command with a context.
            NotSetUpError: `setup_persistence` was not called for the client.
        """
        interaction = interaction_of(source)
        if interaction is not None and interaction.type is discord.InteractionType.autocomplete:
            return True
        identifier = await self._identify(source)
        if identifier is None:
            return True
        verdict = await self._limiter(source).hit(identifier)
        if not verdict:
            raise self._error(source, verdict.retry_after)
        return True

    async def _check_application_command(self, interaction: discord.Interaction[Any]) -> bool:
        # A hybrid command runs the checks of both its kinds, and knows what to do with errors of the other.
        return isinstance(interaction.command, HybridAppCommand) or await self.check(interaction)

    def _limiter(self, source: InvocationSource) -> RateLimiter:
        persistence = persistence_of(client_of(source))
        name = self._name or str(getattr(source.command, "qualified_name", ""))
        limiters = self._limiters.setdefault(persistence, {})
        if name not in limiters:
            counts = self._storage or persistence.namespace("cooldowns")
            limiters[name] = RateLimiter(
                counts.namespace(name) if name else counts, self._rates, **self._settings
            )
        return limiters[name]

    def _error(self, source: InvocationSource, retry_after: float) -> Exception:
        # The library's error names one rate: the one that is hardest to keep to.
        hardest = min(self._rates, key=lambda rate: rate.limit / rate.period)
        allowed = app_commands.Cooldown(hardest.limit, hardest.period)
        if isinstance(source, discord.Interaction):
            return app_commands.CommandOnCooldown(allowed, retry_after)
        return commands.CommandOnCooldown(allowed, retry_after, self._bucket)


async def _identify(key: Key, source: InvocationSource) -> str:
    """Return the identifier of the uses that are counted together: those of two bots never are."""
    return f"{client_of(source).user.id}/{await _bucket(key, source)}"


async def _bucket(key: Key, source: InvocationSource) -> str:
    if key is None:
        return "everybody"
    subject: Any = source
    if isinstance(key, commands.BucketType) and isinstance(source, discord.Interaction):
        subject = SimpleNamespace(author=source.user, guild=source.guild, channel=source.channel)
    return _text(await discord.utils.maybe_coroutine(key, subject))


def _text(key: Any) -> str:
    """Return the key as every process writes it."""
    key = getattr(key, "id", key)
    if isinstance(key, tuple):
        return ",".join(map(_text, key))
    if key is None or (isinstance(key, (int, str)) and key != ""):
        return str(key)
    raise TypeError(f"a cooldown's key must be an id, a text or a tuple of them, not {key!r}")
