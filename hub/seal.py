"""What must not be readable in a database, nor in its backup: encrypted by a key that stands in a file of its own."""

import contextlib
import os
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


class Unsealable(ValueError):
    """The key is not the one that this was sealed with, or what was sealed has been changed."""


class Seal:
    """The key is made with the first thing that is sealed."""

    def __init__(self, key_file: Path) -> None:
        self._file = key_file

    def close(self, plain: bytes) -> bytes:
        return self._key(make=True).encrypt(plain)

    def open(self, sealed: bytes) -> bytes:
        """Raises Unsealable."""
        try:
            return self._key(make=False).decrypt(sealed)
        except (InvalidToken, FileNotFoundError) as bad:
            raise Unsealable(f"{self._file} is not the key that this was sealed with") from bad

    def _key(self, *, make: bool) -> Fernet:
        if make and not self._file.exists():
            _write_once(self._file, Fernet.generate_key())
        return Fernet(self._file.read_bytes().strip())


def _write_once(path: Path, content: bytes) -> None:
    """Whole or not at all, readable by its owner alone; whoever comes second keeps the first one's."""
    path.parent.mkdir(parents=True, exist_ok=True)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    with contextlib.suppress(FileExistsError):
        os.link(mine, path)
    mine.unlink()
