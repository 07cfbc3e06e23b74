"""What the installed distribution says about itself, and what the repository says about it."""

from __future__ import annotations

import re
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.packaging.extras import TESTS
from tests.packaging.import_everything import PACKAGES
from tests.packaging.try_wheel import DEVELOPMENT

DISTRIBUTION = metadata.metadata("botkeep")
EXTRAS = set(DISTRIBUTION.get_all("Provides-Extra", [])) - DEVELOPMENT
ADAPTERS = ("botkeep_aiogram", "botkeep_discord", "botkeep_ptb", "botkeep_pyrogram", "botkeep_telebot")


def requirements_of(extra: str) -> set[str]:
    """Return what pip installs for one extra."""
    marked = (line.partition(";") for line in metadata.requires("botkeep") or ())
    return {line.strip() for line, _, marker in marked if f"extra == '{extra}'" in marker.replace('"', "'")}


@pytest.mark.parametrize("extra", sorted(EXTRAS))
def test_the_development_environment_has_what_each_extra_brings(extra: str) -> None:
    names = {re.split(r"[^\w.-]", line)[0] for line in requirements_of("dev")}

    assert {re.split(r"[^\w.-]", line)[0] for line in requirements_of(extra)} <= names


def test_every_extra_is_tried_with_the_built_wheel() -> None:
    assert set(PACKAGES) == EXTRAS


@pytest.mark.parametrize("package", ["botkeep", *ADAPTERS])
def test_a_type_checker_finds_the_types_of_each_package(package: str) -> None:
    spec = find_spec(package)

    assert spec is not None
    assert spec.submodule_search_locations is not None
    assert (Path(spec.submodule_search_locations[0]) / "py.typed").is_file()


def test_a_user_finds_the_documentation_the_source_and_how_to_report_a_problem() -> None:
    names = {line.partition(",")[0] for line in DISTRIBUTION.get_all("Project-URL", [])}

    assert {"Homepage", "Documentation", "Changelog", "Issues", "Security"} <= names


def test_continuous_integration_has_every_python_that_the_distribution_promises() -> None:
    workflow = TESTS.parent / ".github" / "workflows" / "ci.yml"
    promised = re.findall(
        r"Python :: (3\.\d+)$", "\n".join(DISTRIBUTION.get_all("Classifier", [])), re.MULTILINE
    )
    installed = re.findall(r"^ +(3\.\d+)$", workflow.read_text(encoding="utf-8"), re.MULTILINE)

    assert installed == promised
