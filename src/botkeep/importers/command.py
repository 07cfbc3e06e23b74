"""``python -m botkeep import FORMAT SOURCE TARGET``: each format, its parameters as options."""

from __future__ import annotations

import argparse
import ast
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from botkeep.migrate import Migration, OnProgress

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from botkeep.abc import BaseStorage


class Format(NamedTuple):
    """One foreign format.

    Attributes:
        importer: ``module:function``; loaded when it is asked for, so that no framework has to be installed.
        extra: with which extra of botkeep that module can be loaded.
        what: what is read.
        example: a source.
        options: arguments of ``add_argument`` for its own keywords.
    """

    importer: str
    extra: str
    what: str
    example: str
    options: tuple[tuple[str, dict[str, Any]], ...] = ()


_ADDONS_BOT: Final = (
    "--bot-id",
    {"type": int, "help": "make dialogues of this bot, for botkeep_pyrogram's client"},
)

FORMATS: Final = {
    "aiogram-redis": Format(
        "botkeep_aiogram.importing:import_redis",
        "aiogram,redis",
        "the keys of aiogram's RedisStorage",
        "redis://host/0",
        (
            ("--bot-id", {"type": int, "help": "whose dialogues they are, if the keys do not say so"}),
            ("--prefix", {"default": "fsm", "help": "as given to DefaultKeyBuilder; so are the next three"}),
            ("--separator", {"default": ":"}),
            ("--with-business-connection-id", {"action": "store_true"}),
            ("--with-destiny", {"action": "store_true"}),
            (
                "--topics",
                {
                    "action": argparse.BooleanOptionalAction,
                    "default": None,
                    "help": "whether the strategy tells topics apart, for keys that can be read either way",
                },
            ),
        ),
    ),
    "cascadeui": Format(
        "botkeep_discord.importing:import_cascadeui",
        "discord",
        "CascadeUI's JSON file, SQLite database or Redis key",
        "cascadeui_state.json, cascadeui.db or redis://host/0",
        (
            ("--table-prefix", {"default": "", "help": "as given to the SQLiteBackend of version 3"}),
            ("--key", {"default": "cascadeui:state", "help": "as given to the RedisBackend of version 2"}),
        ),
    ),
    "kurigram-addons-redis": Format(
        "botkeep_pyrogram.importing:import_addons_redis",
        "pyrogram,redis",
        "the keys of kurigram-addons' RedisStorage",
        "redis://host/0",
        (("--prefix", {"default": "fsm", "help": "as given to its storage"}), _ADDONS_BOT),
    ),
    "kurigram-addons-sqlite": Format(
        "botkeep_pyrogram.importing:import_addons_sqlite",
        "pyrogram",
        "the file of kurigram-addons' SQLiteStorage",
        "fsm.db",
        (_ADDONS_BOT,),
    ),
    "python-telegram-bot": Format(
        "botkeep_ptb.importing:import_documents",
        "ptb",
        "the file of PicklePersistence",
        "bot.pickle",
        (("--bot-id", {"type": int, "required": True, "help": "what the bot's token begins with"}),),
    ),
}
"""By the name on the command line."""

_NO_KEYWORDS: Final = {"run", "format", "source", "target"}
"""Options that are no keyword of an importer."""


def add_to(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to those of ``python -m botkeep``."""
    parser = commands.add_parser("import", help="bring in what lies elsewhere")
    formats = parser.add_subparsers(required=True, metavar="FORMAT", dest="format")
    for name, known in FORMATS.items():
        _add_format(formats.add_parser(name, help=known.what), known)


def _add_format(parser: argparse.ArgumentParser, known: Format) -> None:
    parser.add_argument("source", help=f"as {known.example}; only read")
    parser.add_argument("target", help="sqlite:bot.db, file:bot.json or redis://host/0")
    for flag, settings in known.options:
        parser.add_argument(flag, **settings)
    parser.add_argument("--overwrite", action="store_true", help="replace what the target holds otherwise")
    parser.add_argument(
        "--rename",
        action="append",
        default=[],
        type=_renaming,
        metavar="KEY=NEW",
        help=r"another identifier for a key that is refused; in quotes as the error shows it: 'a\x00b'=ab",
    )
    parser.add_argument(
        "--leave-out", action="store_true", help="what cannot be stored is no error; it is left out and named"
    )
    parser.set_defaults(run=_import)


def _renaming(option: str) -> tuple[str, str]:
    key, equals, identifier = option.rpartition("=")
    if not equals or not identifier:
        raise argparse.ArgumentTypeError(f"write KEY=NEW, not {option!r}")
    if key[:1] in ("'", '"'):
        try:
            key = str(ast.literal_eval(key))
        except (ValueError, SyntaxError) as exc:
            raise argparse.ArgumentTypeError(f"{key} is no quoted key: {exc}") from exc
    return key, identifier


async def _import(
    options: argparse.Namespace, target: BaseStorage, on_progress: OnProgress | None
) -> Migration:
    keywords = {name: value for name, value in vars(options).items() if name not in _NO_KEYWORDS}
    keywords["rename"] = dict(options.rename)
    importer = load(FORMATS[options.format])
    return await importer(options.source, target, on_progress=on_progress, **keywords)


def load(known: Format) -> Callable[..., Coroutine[Any, Any, Migration]]:
    """Return the importer of a format.

    Raises:
        ImportError: a package that it needs is missing; the error names the extra that brings it.
    """
    module, _, function = known.importer.partition(":")
    try:
        importer: Callable[..., Coroutine[Any, Any, Migration]] = getattr(import_module(module), function)
    except ModuleNotFoundError as exc:
        raise ImportError(
            f"{known.what} cannot be read: {exc}; install it with pip install 'botkeep[{known.extra}]'"
        ) from exc
    return importer
