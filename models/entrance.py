"""How somebody proves to be who they say: passwords, one-time codes (RFC 6238), and how long wrong tries must wait."""

import hashlib
import hmac
import re
from base64 import b32encode
from dataclasses import dataclass
from urllib.parse import quote

LOGIN = re.compile(r"[a-z0-9][a-z0-9._@-]{1,63}")
A_LOGIN = "A login is 2 to 64 small letters, figures, dots, dashes; an email address will do."

LEAST, MOST = 12, 200
"""Characters in a password. Which ones is left to whoever has to remember them."""

COMMON = frozenset(
    """
    123456789012 1234567890123 12345678901234 123123123123 012345678910 qwertyuiop12 qwertyuiop123 qwerty123456
    1q2w3e4r5t6y 1qaz2wsx3edc password1234 password12345 password123456 passwordpassword mypassword123 changeme1234
    changemenow1 letmein12345 letmeinplease welcome12345 welcome123456 iloveyou1234 administrator administrator1
    adminadmin12 nightlight12 nightlight123 nightlight1234 telecare1234 trustno1trustno1 abcdefghijkl abcdefghijklm
    abcd12345678 asdfghjkl123 sunshine1234 princess1234 football1234 liverpool123 correcthorsebatterystaple
    """.split()  # noqa: SIM905 - a list of forty strings would be a page of quotation marks
)

PERIOD = 30
"""Seconds for which a code holds."""
DIGITS = 6


def weakness(password: str, login: str) -> str:
    """What is wrong with a new password ("weak." in models/languages/ has the words), or ''."""
    if len(password) < LEAST:
        return "short"
    if len(password) > MOST:
        return "long"
    plain = password.casefold()
    if login and login.casefold() in plain:
        return "login"
    if plain in COMMON or len(set(plain)) < 4:
        return "common"
    return ""


def code(secret: bytes, step: int) -> str:
    """The code of the thirty seconds that are the `step`th since 1970."""
    digest = hmac.digest(secret, step.to_bytes(8, "big"), hashlib.sha1)
    start = digest[-1] & 15
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def matching(secret: bytes, given: str, at: float, after: int) -> int | None:
    """The step whose code was given: now, or next to it, for clocks differ. Never one up to `after`: a code is good
    once.
    """
    typed = "".join(given.split()).encode()
    steps = [int(at // PERIOD) + shift for shift in (0, -1, 1)]
    return next(
        (step for step in steps if step > after and hmac.compare_digest(code(secret, step).encode(), typed)), None
    )


def as_link(secret: bytes, login: str) -> str:
    """What an authenticator app reads from a QR code."""
    return f"otpauth://totp/Nightlight:{quote(login)}?secret={typed_by_hand(secret)}&issuer=Nightlight"


def typed_by_hand(secret: bytes) -> str:
    return b32encode(secret).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Tries:
    """Wrong tries in a row, and when the last was (seconds)."""

    count: int = 0
    last: float = 0.0


@dataclass(frozen=True, slots=True)
class Limit:
    """After `free` wrong tries each further one doubles the wait from `first` seconds up to `longest`."""

    free: int
    first: float
    longest: float

    def wait(self, tries: Tries, now: float) -> float:
        """Seconds until the next try. One by a clock that was ahead and is set back locks nobody out until then."""
        if tries.count < self.free or tries.last - now > self.longest:
            return 0.0
        pause = min(self.first * 2.0 ** min(tries.count - self.free, 30), self.longest)
        return max(0.0, tries.last + pause - now)


PAIR = Limit(3, 1.0, 900.0)
"""One login from one address."""
ADDRESS = Limit(30, 1.0, 900.0)
"""Any logins from one address: somebody tries name after name."""
STRANGERS = Limit(10, 3600.0, 3600.0)
"""One login from addresses that it never came from: locked, but not for those who are at their usual place, or anybody
could lock a contact centre out of its own console.
"""
FORGOTTEN_AFTER = 86_400.0
"""Seconds without a wrong try."""
