"""How RedisStorage's keys are laid out: readable in redis-cli, and never to be confused with anybody else's.

::

    botkeep::order:17                the document "order:17"
    botkeep:/shop:order:17           "order:17" in the namespace "shop"
    botkeep:/shop/cart:order:17      "order:17" in the namespace "cart" inside "shop"

The prefix ends at the first "::" or ":/", which none may hold; a namespace ends at the next ":", which is
escaped in its names. So no key belongs to two prefixes or to two namespaces, even where one prefix begins
with another: "a:" and "a:b:" are two storages.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

_MAGIC: Final = re.compile(r"[*?\[\]\\]")
"""What means something in Redis's own patterns (redis.io/commands/keys); a backslash makes it literal."""


class KeySpace:
    """The keys under one prefix.

    Args:
        prefix: what all keys begin with; one ":" at its end makes no difference.

    Raises:
        TypeError: it is not a str.
        ValueError: it is empty or holds "::", ":/", NUL or lone surrogates.
    """

    def __init__(self, prefix: str) -> None:
        if not isinstance(prefix, str):
            raise TypeError(f"prefix must be a str, not {type(prefix).__name__}")
        if not prefix:
            raise ValueError('prefix must not be empty: everything on the server would be ours; try "mybot:"')
        name = prefix.removesuffix(":")
        if "::" in f"{name}:" or ":/" in name or "\0" in name:
            raise ValueError(f'prefix must not hold "::", ":/" or NUL, as {prefix!r} does; try "mybot:"')
        name.encode()
        self._name = name

    def key(self, namespace: str, identifier: str) -> bytes:
        """Return the key of a document."""
        return (_head(self._name, namespace) + identifier).encode()

    def identifier(self, namespace: str, key: bytes) -> str | None:
        """Return the identifier of a key in this namespace; None: it is none that a storage has written."""
        try:
            return key.decode()[len(_head(self._name, namespace)) :] or None
        except UnicodeDecodeError:
            return None

    def namespace(self, key: bytes) -> str:
        """Return the namespace that a key under this prefix lies in."""
        path, _, _ = key[len(self._name.encode()) + 1 :].partition(b":")
        return path[1:].decode(errors="replace").replace("%3A", ":")

    def pattern(self, namespace: str, prefix: str) -> bytes:
        """Return Redis's pattern for the keys of exactly this namespace whose identifiers have the prefix."""
        return _literally(_head(self._name, namespace) + prefix) + b"*"

    def namespaces_pattern(self) -> bytes:
        """Return Redis's pattern for the keys of all namespaces but the storage itself."""
        return _literally(f"{self._name}:/") + b"*"


@lru_cache(maxsize=1024)
def _head(name: str, namespace: str) -> str:
    if not namespace:
        return f"{name}::"
    return f"{name}:/{namespace.replace(':', '%3A')}:"


def _literally(text: str) -> bytes:
    return _MAGIC.sub(r"\\\g<0>", text).encode()
