"""Which file systems and mounts a database cannot be on; by tables: no machine of the tests has them all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from botkeep import SQLiteStorage, StorageUnavailableError
from botkeep._files import network_mounts
from botkeep._files.network_mounts import check_shared_memory, is_mount_point, kind_of_mount, shares_no_memory

TABLE = r"""
22 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
23 22 0:22 / /proc rw,nosuid - proc proc rw
41 22 0:40 /bots /srv/bots rw,relatime shared:7 master:2 - nfs4 10.0.0.5:/bots rw,vers=4.2
42 41 0:41 / /srv/bots/scratch rw - tmpfs tmpfs rw
43 22 0:42 / /srv/my\040share rw - cifs //server/share rw
44 22 0:43 / /srv/twice rw - ext4 /dev/vdb rw
45 44 0:44 / /srv/twice rw - fuse.sshfs bots@server: rw
""".strip()


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/home/bot.db", "ext4"),
        ("/srv/botsnot/bot.db", "ext4"),
        ("/srv/bots/bot.db", "nfs4"),
        ("/srv/bots/scratch/bot.db", "tmpfs"),
        ("/srv/my share/bot.db", "cifs"),
        ("/srv/twice/bot.db", "fuse.sshfs"),
    ],
)
def test_a_path_is_on_the_deepest_and_latest_mount_above_it(path: str, kind: str) -> None:
    assert kind_of_mount(PurePosixPath(path), TABLE) == kind


@pytest.mark.parametrize(
    "kind",
    [
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "9p",
        "virtiofs",
        "fuse.grpcfuse",
        "vboxsf",
        "drvfs",
        "fuse.sshfs",
        "vmhgfs",
    ],
)
def test_a_file_system_without_shared_memory_is_known(kind: str) -> None:
    assert shares_no_memory(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "apfs", "f2fs"]
)
def test_a_local_file_system_is_not_refused(kind: str) -> None:
    assert not shares_no_memory(kind)


@pytest.mark.parametrize(("path", "mounted"), [("/srv/my share", True), ("/srv/my share/bot.db", False)])
def test_a_path_is_a_mount_point_or_lies_below_one(path: str, mounted: bool) -> None:
    assert is_mount_point(PurePosixPath(path), TABLE) == mounted


@pytest.fixture
def on_a_file_system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """Have the table say that a folder is on a kind of file system; return the folder."""

    def mount(kind: str) -> Path:
        table = tmp_path / "mountinfo"
        table.write_text(f"{TABLE}\n46 22 0:45 / {tmp_path}/share rw - {kind} somewhere rw\n")
        monkeypatch.setattr(network_mounts, "_TABLE", table)
        (tmp_path / "share").mkdir()
        return tmp_path / "share"

    return mount


def test_an_unknown_file_system_of_a_program_is_tried_out(on_a_file_system: Callable[[str], Path]) -> None:
    folder = on_a_file_system("fuse.mystery")

    check_shared_memory(folder / "bot.db")

    assert list(folder.iterdir()) == []


def test_an_unknown_file_system_that_shares_no_memory_is_refused(
    on_a_file_system: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = on_a_file_system("fuse.mystery")
    monkeypatch.setattr(network_mounts, "_ANSWER", "'sees another memory'")

    with pytest.raises(StorageUnavailableError, match=r"fuse\.mystery.*local disk"):
        check_shared_memory(folder / "bot.db")


def test_the_disk_of_the_tests_is_none_across_a_network(tmp_path: Path) -> None:
    check_shared_memory(tmp_path)


async def test_a_database_across_a_network_is_refused_and_nothing_is_created(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(f"{TABLE}\n46 22 0:45 / {tmp_path}/share rw - nfs4 10.0.0.5:/bots rw\n")
    monkeypatch.setattr(network_mounts, "_TABLE", table)
    storage = SQLiteStorage(tmp_path / "share" / "bot.db")

    with pytest.raises(StorageUnavailableError, match=r"nfs4.*local disk"):
        await storage.set_state("order", 1)

    assert list((tmp_path / "share").iterdir()) == []
    await storage.stop()


def test_where_the_system_has_no_table_nothing_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_mounts, "_TABLE", tmp_path / "absent")

    check_shared_memory(tmp_path)
