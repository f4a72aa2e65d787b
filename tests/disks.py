"""A disk of its own for a test, and small: one that is really full is no machine's."""

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


def fill(folder: Path) -> Path:
    """With a file, which is to be deleted where there shall be room again."""
    films = folder / "films"
    with suppress(OSError), films.open("wb") as file:
        while True:
            file.write(bytes(64 * 1024))
            file.flush()
    return films
