"""What must not be readable in a database, nor in its backup: encrypted by a key that stands in a file of its own."""

from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from hub.keyring import Keyring


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
        if make:
            return Fernet(Keyring(self._file.parent).kept(self._file.name, Fernet.generate_key).strip())
        return Fernet(self._file.read_bytes().strip())
