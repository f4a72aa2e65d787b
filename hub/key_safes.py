"""Codes of key safes, encrypted for the database. The keys stand in a file of their own, the newest first."""

import msgspec
from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from hub.keyring import Keyring

NAME = "key_safes.keys"
LONGEST = 60


class Unreadable(ValueError):
    """The code was sealed by a key that is not here, for another home, or has been changed."""


class _Code(msgspec.Struct):
    home: str
    code: str


class Vault:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def sealed(self, home: str, code: str) -> bytes:
        """The home goes in with the code, so that one row can't be passed off as another."""
        return self._keys().encrypt(msgspec.json.encode(_Code(home, code)))

    def opened(self, home: str, sealed: bytes) -> str:
        """Raises Unreadable."""
        try:
            found = msgspec.json.decode(self._keys().decrypt(sealed), type=_Code)
        except (InvalidToken, msgspec.DecodeError) as bad:
            raise Unreadable(f"the code of {home} can't be read with the keys in {NAME}") from bad
        if found.home != home:
            raise Unreadable(f"the code of {home} was sealed for another home")
        return found.code

    def new_key(self) -> None:
        """From now on codes are sealed by it; those sealed before are still read."""
        self._keyring.replace(NAME, Fernet.generate_key() + b"\n" + self._content())

    def resealed(self, sealed: bytes) -> bytes:
        """By the newest key. Raises Unreadable."""
        try:
            return self._keys().rotate(sealed)
        except InvalidToken as bad:
            raise Unreadable("a code can't be read with any key that is here") from bad

    def drop_old_keys(self) -> None:
        """Once every code is sealed by the newest."""
        self._keyring.replace(NAME, self._content().split(b"\n", 1)[0] + b"\n")

    def _keys(self) -> MultiFernet:
        return MultiFernet([Fernet(line) for line in self._content().split()])

    def _content(self) -> bytes:
        return self._keyring.kept(NAME, lambda: Fernet.generate_key() + b"\n")
