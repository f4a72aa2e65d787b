"""A disk of its own for a test, and small: one that is really full is no machine's."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.edge.lines import as_root


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    as_root()
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "small", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path, but: int = 0) -> Path:
    """But for so many bytes, with a file, which is to be deleted where there shall be room again."""
    films = folder / "films"
    with suppress(OSError), films.open("ab") as file:
        while room(folder) > but or not but:
            file.write(bytes(64 * 1024))
            file.flush()
    return films


def room(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize
