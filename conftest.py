"""Runs the Python snippets of the documents (README, docs/) and of the docstrings; `make check` calls it.

The ``python`` blocks of one document share one namespace, one event loop and one empty folder to work in, and
run from top to bottom. ``await`` may stand at the top level, as in ``python -m asyncio``. In docstrings they
are ``.. code-block:: python``, or doctests.
"""

from __future__ import annotations

import ast
import asyncio
import gc
import inspect
import os
import tempfile
import warnings
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from sybil import Sybil
from sybil.evaluators.python import pad
from sybil.parsers import markdown, rest

if TYPE_CHECKING:
    from sybil import Example


def enter_document(namespace: dict[str, Any]) -> None:
    """Give a document its event loop and its folder."""
    with ExitStack() as surroundings:
        folder = surroundings.enter_context(tempfile.TemporaryDirectory())
        surroundings.callback(os.chdir, os.getcwd())  # noqa: PTH109 # what was current, even if it is gone
        os.chdir(folder)
        loop = asyncio.new_event_loop()
        surroundings.callback(loop.close)
        surroundings.callback(lambda: loop.run_until_complete(loop.shutdown_asyncgens()))
        namespace.update(__name__="__document__", __loop__=loop, __surroundings__=surroundings.pop_all())


def leave_document(namespace: dict[str, Any]) -> None:
    """Close the event loop and remove the folder."""
    surroundings = namespace["__surroundings__"]
    with warnings.catch_warnings():
        # A short snippet need not show how its storage is stopped.
        warnings.simplefilter("ignore", ResourceWarning)
        namespace.clear()
        gc.collect()
    surroundings.close()


def evaluate(example: Example) -> None:
    """Run one block, awaiting it if it awaits."""
    source = pad(example.parsed, example.line + example.parsed.line_offset)
    code = compile(source, example.path, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
    awaitable = eval(code, example.namespace)  # noqa: S307 # our own documents; exec would drop the coroutine
    if inspect.iscoroutine(awaitable):
        example.namespace["__loop__"].run_until_complete(awaitable)


documents = Sybil(
    parsers=[markdown.CodeBlockParser("python", evaluate), markdown.SkipParser()],
    pattern="*.md",
    setup=enter_document,
    teardown=leave_document,
)
docstrings = Sybil(
    parsers=[rest.CodeBlockParser("python", evaluate), rest.DocTestParser(), rest.SkipParser()],
    patterns=[
        f"{package}/{folders}*.py" for package in ("botkeep", "botkeep_*") for folders in ("", "*/", "*/*/")
    ],
    setup=enter_document,
    teardown=leave_document,
)
pytest_collect_file = (documents + docstrings).pytest()
