"""What importing the adapter says of the packages that are installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def imported(*statements: str) -> subprocess.CompletedProcess[str]:
    """Import the adapter in a fresh interpreter."""
    program = "; ".join((*statements, "import botkeep_pyrogram"))
    return subprocess.run(  # noqa: S603 # our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("package", ["pyrogram", "typing_extensions"])
def test_a_missing_package_is_named_with_the_way_to_install_it(package: str) -> None:
    done = imported("import sys", f"sys.modules[{package!r}] = None")

    assert f"needs the package {package}: pip install 'botkeep[pyrogram]'" in done.stderr
    assert done.returncode == 1


def test_two_projects_in_one_package_are_noticed(tmp_path: Path) -> None:
    for name in ("kurigram", "pyrogram"):
        folder = tmp_path / f"{name}-2.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")

    done = imported("import sys", f"sys.path.insert(0, {str(tmp_path)!r})")

    assert "RuntimeWarning: kurigram and pyrogram are installed" in done.stderr
    assert "pip uninstall -y kurigram pyrogram && pip install kurigram" in done.stderr
    assert done.returncode == 0


def test_one_project_is_no_reason_for_a_warning() -> None:
    done = imported()

    assert "RuntimeWarning" not in done.stderr
    assert done.returncode == 0
