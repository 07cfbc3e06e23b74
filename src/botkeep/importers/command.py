"""``python -m botkeep import FORMAT SOURCE TARGET``: each importer, its parameters as options."""

from __future__ import annotations

import argparse
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from botkeep.migrate import Migration, OnProgress

if TYPE_CHECKING:
    from botkeep.abc import BaseStorage

_FORMATS: Final = {
    "aiogram-redis": ("the keys of aiogram's RedisStorage", "redis://host/0"),
    "cascadeui": ("CascadeUI's JSON file", "cascadeui_state.json"),
    "kurigram-addons-redis": ("the keys of kurigram-addons' RedisStorage", "redis://host/0"),
    "kurigram-addons-sqlite": ("the file of kurigram-addons' SQLiteStorage", "fsm.db"),
    "python-telegram-bot": ("the file of PicklePersistence", "bot.pickle"),
}

_OPTIONS: Final[dict[str, list[tuple[str, dict[str, Any]]]]] = {
    "aiogram-redis": [
        ("--bot-id", {"type": int, "help": "whose dialogues they are, if the keys do not say so"}),
        ("--prefix", {"default": "fsm", "help": "as given to DefaultKeyBuilder; so are the next three"}),
        ("--separator", {"default": ":"}),
        ("--with-business-connection-id", {"action": "store_true"}),
        ("--with-destiny", {"action": "store_true"}),
    ],
    "kurigram-addons-redis": [
        ("--prefix", {"default": "fsm", "help": "as given to its storage"}),
        ("--bot-id", {"type": int, "help": "make dialogues of this bot, for botkeep_pyrogram's client"}),
    ],
    "kurigram-addons-sqlite": [
        ("--bot-id", {"type": int, "help": "make dialogues of this bot, for botkeep_pyrogram's client"}),
    ],
    "python-telegram-bot": [
        ("--bot-id", {"type": int, "required": True, "help": "what the bot's token begins with"}),
    ],
}

_COMMON: Final = {"run", "format", "source", "target"}
"""What is not an importer's own keyword."""


def add_to(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command to those of ``python -m botkeep``."""
    parser = commands.add_parser("import", help="bring in what lies elsewhere")
    formats = parser.add_subparsers(required=True, metavar="FORMAT", dest="format")
    for name, (what, example) in _FORMATS.items():
        one = formats.add_parser(name, help=what)
        one.add_argument("source", help=f"as {example}; only read")
        one.add_argument("target", help="sqlite:bot.db, file:bot.json or redis://host/0")
        for flag, settings in _OPTIONS.get(name, []):
            one.add_argument(flag, **settings)
        one.add_argument("--overwrite", action="store_true", help="replace what the target holds otherwise")
        one.set_defaults(run=_import)


async def _import(
    options: argparse.Namespace, target: BaseStorage, on_progress: OnProgress | None
) -> Migration:
    importer = import_module(f"botkeep.importers.{options.format.replace('-', '_')}")
    keywords = {name: value for name, value in vars(options).items() if name not in _COMMON}
    result: Migration = await importer.import_documents(
        options.source, target, on_progress=on_progress, **keywords
    )
    return result
