"""Whether the server would throw documents away when its memory is full."""

from __future__ import annotations

import asyncio
import re
import warnings
from typing import TYPE_CHECKING, Final

from redis.exceptions import ResponseError

from botkeep.errors import StorageUnavailableError
from botkeep.storages.redis.commands import MEMORY

if TYPE_CHECKING:
    from botkeep.storages.redis.pipeline import ServerPipeline
    from botkeep.storages.redis.retries import RetryingRouter

_POLICY: Final = re.compile(rb"maxmemory_policy:([a-z-]+)")


class EvictionWarning(UserWarning):
    """The server may throw documents away when its memory is full."""


async def warn_of_eviction(router: RetryingRouter, storage: str) -> None:
    """Warn if a server's ``maxmemory-policy`` is not ``noeviction``.

    It is read from INFO: managed servers that forbid CONFIG allow that. Where INFO is forbidden too, there is
    no warning.
    """
    policies = await asyncio.gather(*(_policy(router, server) for server in router.topology.nodes()))
    for policy in sorted({policy for policy in policies if policy not in ("", "noeviction")}):
        warnings.warn(
            f"{storage}: the server's maxmemory-policy is {policy!r}: when its memory is full it throws "
            "documents away; set it to noeviction",
            EvictionWarning,
            stacklevel=2,
        )


async def _policy(router: RetryingRouter, server: ServerPipeline) -> str:
    try:
        information: bytes = await router.call(MEMORY, server)
    except StorageUnavailableError as exc:
        if isinstance(exc.__cause__, ResponseError):
            return ""
        raise
    found = _POLICY.search(information)
    return found[1].decode() if found else ""
