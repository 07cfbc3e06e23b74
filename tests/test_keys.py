"""Which identifiers a document may have."""

from __future__ import annotations

import re
from typing import Any

import pytest

from botkeep import IdentifierError, keys
from botkeep.testing.laws.identifiers import HOSTILE
from botkeep.testing.laws.identifiers import REFUSED as REFUSED_IDENTIFIERS


@pytest.mark.parametrize("identifier", HOSTILE, ids=lambda value: ascii(value)[:20])
def test_any_text_is_an_identifier(identifier: str) -> None:
    keys.check_identifier(identifier)


@pytest.mark.parametrize("identifier", REFUSED_IDENTIFIERS, ids=lambda value: ascii(value)[:20])
def test_what_is_no_identifier_is_refused_in_few_words(identifier: Any) -> None:
    with pytest.raises(IdentifierError) as caught:
        keys.check_identifier(identifier)

    assert caught.value.identifier == identifier
    assert re.fullmatch(r"identifier .+: (must|is|has) .+", str(caught.value))
    assert len(str(caught.value)) < 200
    str(caught.value).encode("ascii")
