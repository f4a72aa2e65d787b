"""What is told to somebody by a transport."""

from dataclasses import dataclass
from typing import Protocol

from models.response import Answer


@dataclass(frozen=True, slots=True)
class Call:
    """One try at reaching `who` (a role or a contact's id), at the addresses `to`. Only `text` may name a person.
    `link` is where they say what they will do ('' for those who need none). What comes twice with one `key` is shown
    once, where the way can do that; `silent` makes no sound. `sound` is the text spoken, as WAV, and `aloud` where a
    telephone can fetch it: a call that only tells something, and asks nothing.
    """

    alert: int
    home: str
    kind: str
    who: str
    to: tuple[str, ...]
    subject: str
    text: str
    link: str = ""
    key: str = ""
    silent: bool = False
    sound: bytes = b""
    aloud: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """How it went, in a few words; an answer, where the same way gave one at once; and addresses that are no more."""

    detail: str
    answer: Answer | None = None
    gone: tuple[str, ...] = ()


class Unreached(Exception):
    """Nobody was reached; the text says why, without names or addresses. `broken` is the way itself, whoever was to be
    reached by it: that may pass, so it is tried again soon, and it is a fault to be mended. `gone` are addresses that
    are no more.
    """

    def __init__(self, why: str, *, broken: bool = False, gone: tuple[str, ...] = ()) -> None:
        super().__init__(why)
        self.broken, self.gone = broken, gone


class Transport(Protocol):
    """A way to reach a person. With `needs_address`, somebody without an address for it can't be reached."""

    needs_address: bool

    @property
    def set_up(self) -> bool:
        """Whether the settings have what it needs: without, it was never meant to be used here."""

    def send(self, call: Call) -> Told:
        """May take seconds. Raises Unreached."""

    def probe(self) -> bool:
        """Whether it works again, as far as can be told without reaching anybody. Raises nothing."""
