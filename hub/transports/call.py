"""What is told to somebody by a transport."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Call:
    """One try at reaching `who` (a role or a contact's id), at the addresses `to`. Only `text` may name a person."""

    alert: int
    home: str
    kind: str
    who: str
    to: tuple[str, ...]
    subject: str
    text: str


class Unreached(Exception):
    """Nobody was reached; the text says why, without names or addresses."""


class Transport(Protocol):
    """A way to reach a person. With `needs_address`, somebody without an address for it can't be reached."""

    needs_address: bool

    def send(self, call: Call) -> str:
        """How it went, in a few words. May take seconds. Raises Unreached."""
