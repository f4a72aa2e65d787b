"""How played time runs against real time, so that a day can pass in a minute."""

import struct
from dataclasses import dataclass
from datetime import UTC, datetime

_FORM = struct.Struct("<ddd")
_FORM_OF_A_KIT = struct.Struct("<ddddd?")


@dataclass(frozen=True, slots=True)
class Pace:
    """At real moment `real_start` (s since 1970) it is played moment `start`; `speed` played seconds pass a second.

    A speed of 0 is a clock moved by hand. What a kit's clock says may be `wrong_by` so many s, and known to be right or
    not (`synced`); the kit got its power at the played moment `booted` (0: that is not played).
    """

    real_start: float
    start: float
    speed: float = 1.0
    wrong_by: float = 0.0
    booted: float = 0.0
    synced: bool = True

    def at(self, real: float) -> datetime:
        return datetime.fromtimestamp(self.start + (real - self.real_start) * self.speed, UTC)

    def real_seconds(self, played: float) -> float | None:
        """How long to really wait for `played` seconds to pass; None while the clock stands still."""
        return played / self.speed if self.speed > 0 else None

    def packed(self) -> bytes:
        plain = (self.real_start, self.start, self.speed)
        if self == Pace(*plain):
            return _FORM.pack(*plain)
        return _FORM_OF_A_KIT.pack(*plain, self.wrong_by, self.booted, self.synced)


def unpacked(content: bytes) -> Pace:
    """Raises ValueError if `content` is not what `Pace.packed` makes."""
    if len(content) == _FORM_OF_A_KIT.size:
        return Pace(*_FORM_OF_A_KIT.unpack(content))
    if len(content) != _FORM.size:
        raise ValueError(f"a clock file holds {_FORM.size} or {_FORM_OF_A_KIT.size} bytes, this one has {len(content)}")
    return Pace(*_FORM.unpack(content))
