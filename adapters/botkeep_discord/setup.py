"""`setup_persistence`: the one call that gives a bot its memory."""

from __future__ import annotations

import dataclasses
import os
from typing import Any, Final, Literal, TypeAlias

from botkeep import BaseStorage, SQLiteStorage, configure
from botkeep.sharing import start_for
from botkeep_discord.backends.builtin import FileStorageBackend, storage_of
from botkeep_discord.backends.protocol import StorageBackend
from botkeep_discord.interactions.client_hooks import install_hooks
from botkeep_discord.interactions.scope import DISCORD_WAITS
from botkeep_discord.persistence import Persistence, activate, find_persistence
from botkeep_discord.views.modals import OpenModals
from botkeep_discord.views.restore import ViewRestorer, replace_outdated
from botkeep_discord.views.summary import RestoreSummary

DEFAULT_PATH: Final = "data/botkeep.db"
APOLOGY: Final = "Sorry, this is not possible at the moment. Please try again in a minute."

Verify: TypeAlias = bool | Literal["background"]
Backend: TypeAlias = BaseStorage | StorageBackend

_NEEDED: Final = ("get_channel", "fetch_channel", "add_view")


async def setup_persistence(
    bot: Any = None,
    *,
    file_path: str | os.PathLike[str] | None = None,
    backend: Backend | None = None,
    verify: Verify = True,
    timeout: float = 2.0,
    apology: str = APOLOGY,
    ordered: bool = False,
) -> RestoreSummary:
    """Open the storage and bring the stored views back to life; call it once, in ``setup_hook``.

    Called again, it brings back views whose classes were imported meanwhile; ``timeout``, ``apology`` and
    ``ordered`` stay as they are. The storage is closed when the client is. `botkeep.store` and `botkeep.user`
    keep their data in it too.

    Args:
        bot: a Client, Bot, AutoShardedBot, or whatever has ``get_channel``, ``fetch_channel`` and
            ``add_view``; None: there are no views, only data, and the storage is yours to stop.
        file_path: one JSON file.
        backend: a storage of Botkeep, or one of the backends of this package, or an object of your own with
            ``save_state`` and ``load_state``. With neither, a SQLite database ``data/botkeep.db``.
        verify: True: check the message of each view first, at most eight at a time, and remove those that
            are gone; "background": the same, but after all views are alive, so that the start does not wait;
            False: make no call to Discord.
        timeout: seconds that storage calls may take, all together, before an interaction's first response:
            Discord waits for three.
        apology: what the user is told when they took longer, or failed.
        ordered: handlers of one user's interactions and messages run one after another; one that waits for
            another handler of the same user calls `leave_order` first.

    Raises:
        TypeError: this is no bot, or no backend.
        ValueError: ``file_path`` and ``backend`` at once, an unknown ``verify``, or another storage than in
            the first call.
        RuntimeError: `botkeep.store` or `botkeep.user` was used before this call, elsewhere.
        StorageError: the storage cannot be opened or read. No view is lost.
    """
    _check(bot, verify, timeout)
    if file_path is not None and backend is not None:
        raise ValueError("give either file_path or backend: views are kept in one place")
    source = backend if file_path is None else os.fspath(file_path)
    if bot is None:
        return await _set_up_without_views(_storage(source))
    persistence = find_persistence(bot)
    if persistence is None:
        hooks = _Hooks(timeout, apology, ordered)
        return await _begin(Persistence(bot, _storage(source), source), verify, hooks)
    if source is not None and source != persistence.source:
        raise ValueError(f"{bot!r} keeps its views in {persistence.given_storage!r} already")
    await replace_outdated(persistence)
    return await _restore(persistence, verify)


@dataclasses.dataclass(frozen=True)
class _Hooks:
    """How handlers are run."""

    timeout: float
    error_message: str
    ordered: bool


async def _begin(persistence: Persistence, verify: Verify, hooks: _Hooks) -> RestoreSummary:
    configure(persistence.storage)
    await start_for(persistence.given_storage, persistence)
    activate(persistence)
    try:
        install_hooks(persistence, **dataclasses.asdict(hooks))
        return await _restore(persistence, verify)
    except BaseException:
        await persistence.close()
        raise


async def _set_up_without_views(storage: BaseStorage) -> RestoreSummary:
    configure(storage)
    await storage.start()
    return RestoreSummary()


def _check(bot: Any, verify: object, timeout: Any) -> None:
    missing = [name for name in _NEEDED if not hasattr(bot, name)]
    if bot is not None and missing:
        raise TypeError(f"a bot has {', '.join(_NEEDED)}; {bot!r} has no {', '.join(missing)}")
    if verify not in (True, False, "background"):
        raise ValueError(f'verify must be True, False or "background", not {verify!r}')
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        raise TypeError(f"timeout must be seconds, an int or a float, not {timeout!r}")
    if not 0 < timeout < DISCORD_WAITS:
        raise ValueError(f"timeout must be between 0 and the {DISCORD_WAITS} s of Discord, not {timeout!r}")


def _storage(source: str | Backend | None) -> BaseStorage:
    if source is None:
        return SQLiteStorage(DEFAULT_PATH)
    return storage_of(FileStorageBackend(source) if isinstance(source, str) else source)


async def _restore(persistence: Persistence, verify: Verify) -> RestoreSummary:
    summary = RestoreSummary()
    await persistence.part(OpenModals).restore()
    restorer = ViewRestorer(persistence, summary)
    if verify is True:
        await restorer.check_and_attach()
        return summary
    await restorer.attach()
    if verify == "background":
        summary.checking = persistence.watch(restorer.check())
    return summary
