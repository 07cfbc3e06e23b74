"""For those who write a storage or an adapter, and for tests of bots: the laws as test classes, and a clock.

`botkeep.testing.machine` has a Hypothesis state machine that drives a storage beside a plain dict.
"""

from __future__ import annotations

import pytest

# Before they are imported: without it a law that is broken in a stranger's project fails without saying how.
pytest.register_assert_rewrite(
    "botkeep.testing.adapter_contract", "botkeep.testing.cancellation", "botkeep.testing.laws"
)

from botkeep.testing.adapter_contract import AdapterContract  # noqa: E402 # see above
from botkeep.testing.clock import FakeClock  # noqa: E402 # see above
from botkeep.testing.contract import StorageContract  # noqa: E402 # see above

__all__ = ["AdapterContract", "FakeClock", "StorageContract"]
