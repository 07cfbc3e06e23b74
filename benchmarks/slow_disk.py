"""A disk that takes its time: every fsync of a program takes some milliseconds more.

The library that delays them is compiled where it is used, from the few lines here, and loaded before all
others (ld.so(8), LD_PRELOAD). Only Linux with a C compiler has this.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

_SOURCE: Final = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
static int delayed(const char *name, int file) {
  struct timespec rest = {0, %d};
  nanosleep(&rest, 0);
  return ((int (*)(int)) dlsym(RTLD_NEXT, name))(file);
}
int fsync(int file) { return delayed("fsync", file); }
int fdatasync(int file) { return delayed("fdatasync", file); }
"""


def with_slow_fsync(folder: Path, milliseconds: int) -> dict[str, str] | None:
    """Return the environment for a program on such a disk; None: it cannot be had here.

    Args:
        folder: where the library goes.
        milliseconds: that each fsync takes more.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if sys.platform != "linux" or compiler is None:
        return None
    source, library = folder / "slow_fsync.c", folder / "slow_fsync.so"
    source.write_text(_SOURCE % (milliseconds * 1_000_000))
    command = [compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(command, check=True)  # noqa: S603 # our own command
    return {**os.environ, "LD_PRELOAD": str(library)}
