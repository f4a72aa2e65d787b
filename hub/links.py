"""Links that let somebody without a login say one thing about one matter: signed, and good until a moment."""

import hashlib
import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from hub.keyring import Keyring

BY_LINK = "/by-link/"
"""Where pages behind such links are: the secret in the address stands for the login and for the form's token."""

_SHAPE = re.compile(r"([a-z])([0-9a-f]{1,12})\.([0-9a-f]{1,10})\.([\w-]{22})", re.ASCII)


class Matter(StrEnum):
    """What a link is about; the number in it is the id of one."""

    ATTEMPT = "a"
    FEEDBACK = "f"
    NOTICE = "n"


class Unsigned(Exception):
    """Not a link that this hub gave out."""


class Expired(Exception):
    """It was given out, and is good no longer."""


class Links:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    def made(self, matter: Matter, number: int, until: datetime) -> str:
        said = f"{matter}{number:x}.{int(until.timestamp()):x}"
        return f"{said}.{self._mark(said)}"

    def read(self, matter: Matter, token: str, now: datetime) -> int:
        """The id. Raises Unsigned, and Expired."""
        found = _SHAPE.fullmatch(token)
        if found is None or not hmac.compare_digest(found[4], self._mark(token.rpartition(".")[0])):
            raise Unsigned
        if found[1] != matter:
            raise Unsigned
        if datetime.fromtimestamp(0, UTC) + timedelta(seconds=int(found[3], 16)) <= now:
            raise Expired
        return int(found[2], 16)

    def _mark(self, said: str) -> str:
        key = self._keyring.kept("links.key", lambda: secrets.token_bytes(32))
        return urlsafe_b64encode(hmac.digest(key, said.encode(), hashlib.sha256)[:16]).rstrip(b"=").decode()
