"""Secrets that the hub makes for itself: a file each, outside every database, that only the hub's user can read."""

import os
from collections.abc import Callable
from pathlib import Path


class Keyring:
    """Files in one folder. Where several machines serve one hub, all of them are given the same folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def kept(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The content of a secret, made now where there is none; of two who make it at once, one is kept."""
        path = self._folder / name
        if not path.exists():
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._write(path, make(), if_new=True)
        return path.read_bytes()

    def replace(self, name: str, content: bytes) -> None:
        """At no moment is there half a secret."""
        self._write(self._folder / name, content)

    def _write(self, path: Path, content: bytes, *, if_new: bool = False) -> None:
        fresh = path.with_suffix(f".new-{os.getpid()}-{os.urandom(4).hex()}")
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if if_new and not _linked(fresh, path):
            fresh.unlink()
        elif not if_new:
            fresh.replace(path)


def _linked(fresh: Path, path: Path) -> bool:
    """A hard link takes a name only where nobody had it."""
    try:
        path.hardlink_to(fresh)
    except FileExistsError:
        return False
    fresh.unlink()
    return True
