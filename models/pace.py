"""How played time runs against real time, so that a day can pass in a minute."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

_FORM = struct.Struct("<ddd")


@dataclass(frozen=True, slots=True)
class Pace:
    """At real moment `real_start` (s since 1970) it is played moment `start`; `speed` played seconds pass a second.

    A speed of 0 is a clock moved by hand.
    """

    real_start: float
    start: float
    speed: float = 1.0

    def at(self, real: float) -> datetime:
        return datetime.fromtimestamp(self.start + (real - self.real_start) * self.speed, UTC)

    def real_seconds(self, played: float) -> float | None:
        """How long to really wait for `played` seconds to pass; None while the clock stands still."""
        return played / self.speed if self.speed > 0 else None

    def packed(self) -> bytes:
        return _FORM.pack(self.real_start, self.start, self.speed)


def unpacked(content: bytes) -> Pace:
    """Raises ValueError if `content` is not what `Pace.packed` makes."""
    if len(content) != _FORM.size:
        raise ValueError(f"a clock file holds {_FORM.size} bytes, this one has {len(content)}")
    return Pace(*_FORM.unpack(content))
