"""``python -m botkeep``: commands for those who look after a bot's storage."""

from __future__ import annotations

import argparse
import asyncio
import sys
from contextlib import ExitStack

from botkeep.abc import BaseStorage
from botkeep.errors import BotkeepError
from botkeep.importers import command
from botkeep.migrate import Migration, OnProgress, migrate
from botkeep.storages.addresses import existing_storage_at, public_address, storage_at


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when it did all it was asked to."""
    options = _parser().parse_args(arguments)
    try:
        result = asyncio.run(_run(options))
    except (BotkeepError, ValueError, ImportError, OSError) as exc:
        print(f"botkeep: {exc}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("botkeep: interrupted; run it again to go on", file=sys.stderr)
        return 130
    print(f"{public_address(options.source)} -> {public_address(options.target)}: {result}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m botkeep", description="Look after a bot's storage.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    copy = commands.add_parser("migrate", help="copy one storage into another")
    copy.add_argument("source", help="sqlite:bot.db, file:bot.json or redis://host/0; it must be there")
    copy.add_argument("target", help="likewise")
    copy.add_argument("--pattern", default="*", help="copy only identifiers that match, such as 'user:*'")
    copy.add_argument("--overwrite", action="store_true", help="replace what the target holds otherwise")
    copy.add_argument("--no-verify", action="store_true", help="do not read back what was written")
    copy.set_defaults(run=_migrate)
    command.add_to(commands)
    return parser


async def _run(options: argparse.Namespace) -> Migration:
    # The first write opens the target, lest a source that is not there leave an empty one behind.
    target = storage_at(options.target)
    try:
        with ExitStack() as bar:
            result: Migration = await options.run(options, target, _shown(bar))
            return result
    finally:
        await target.stop()


async def _migrate(
    options: argparse.Namespace, target: BaseStorage, on_progress: OnProgress | None
) -> Migration:
    async with existing_storage_at(options.source) as source:
        return await migrate(
            source,
            target,
            options.pattern,
            on_progress=on_progress,
            verify=not options.no_verify,
            overwrite=options.overwrite,
        )


def _shown(bar: ExitStack) -> OnProgress | None:
    """Open a progress bar where `rich` is installed."""
    try:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn  # noqa: PLC0415
    except ImportError:
        return None
    progress = bar.enter_context(
        Progress("copying", BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    )
    task = progress.add_task("", total=None)
    return lambda done, total: progress.update(task, completed=done, total=total)


if __name__ == "__main__":
    sys.exit(main())
