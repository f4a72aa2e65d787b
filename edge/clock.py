"""What time it is in the home: the system's clock, or a played one; and whether it can be believed."""

import os
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from models.observation import EARLIEST
from models.pace import Pace, unpacked
from models.settings import BadSettings

SYNCED = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd makes this file once it has set the clock since boot, in a folder that stands while it runs."""

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
SLICE = 0.25
"""Longest real wait on a played clock, in s, so that a changed pace is noticed."""
BY_HAND, BY_HAND_IDLE = 0.01, 0.05
"""How often to look at a clock moved by hand, in s: often while it moves."""
_REAL = Pace(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Moment:
    """`at` by the kit's clock, `trusted` or not; `elapsed` counts seconds in this `boot`, whatever the clock says."""

    at: datetime
    elapsed: float
    trusted: bool
    boot: str

    @property
    def began(self) -> datetime:
        """When this boot began, by the clock as it stands now: it moves when the clock is set."""
        return self.at - timedelta(seconds=self.elapsed)

    def back_to(self, at: datetime) -> "Moment":
        """The moment `at` on the same clock."""
        return replace(self, at=at, elapsed=self.elapsed - (self.at - at).total_seconds())


class Clock:
    """Read from any thread. `file` holds a `models.pace.Pace`; without one it is real time.

    Raises BadSettings at the start if the file can't be used; later an unreadable file leaves the pace as it was.
    """

    def __init__(self, file: Path | None = None, synced: Path = SYNCED) -> None:
        self._file = file
        self._synced = synced
        self._lock = threading.Lock()
        self._read = b""
        self._pace = _REAL
        self._elapsed = time.monotonic()
        self._counted_at = self._changed_at = time.monotonic()
        self.boot = _boot_id()
        if file is not None:
            self._start_played(file)

    def now(self) -> datetime:
        return self.moment().at

    def moment(self) -> Moment:
        with self._lock:
            real = time.time()
            self._count()
            at = self._pace.at(real) + timedelta(seconds=self._pace.wrong_by)
            return Moment(at, self._elapsed, self._believable(at), self.boot)

    def real_seconds(self, played: float) -> float:
        """How long to really wait for `played` seconds, or a slice of that while the clock is played."""
        with self._lock:
            real = self._pace.real_seconds(played)
        if self._file is None:
            return max(played, 0.0)
        if real is None:
            return BY_HAND if time.monotonic() - self._changed_at < 1.0 else BY_HAND_IDLE
        return min(max(real, 0.0), SLICE)

    def played_seconds(self, real: float) -> float:
        """How much may have been played while the machine was busy for `real` seconds."""
        with self._lock:
            return real * max(self._pace.speed, 1.0)

    def _start_played(self, file: Path) -> None:
        try:
            self._pace, self._read = _read(file)
        except (OSError, ValueError, OverflowError) as error:
            raise BadSettings(f"clock_file: {error}") from error
        self.boot = f"{self.boot}/{os.getpid()}/{time.time_ns()}"
        self._elapsed = 0.0
        if self._pace.booted:
            self.boot = f"played/{self._pace.booted}"

    def _count(self) -> None:
        real = time.monotonic()
        self._elapsed += (real - self._counted_at) * self._pace.speed
        self._counted_at = real
        if self._file is not None:
            self._follow(self._file)
        if self._pace.booted:
            self._elapsed = self._pace.at(time.time()).timestamp() - self._pace.booted

    def _follow(self, file: Path) -> None:
        try:
            pace, read = _read(file)
        except (OSError, ValueError, OverflowError):
            return  # replaced or removed under our hands: the pace we have goes on
        if read == self._read:
            return  # its time and place on the disk may be those of the one before the last
        self._read = read
        if pace.speed == 0:
            self._elapsed += self._passed_by_hand(pace)
        self._pace, self._changed_at = pace, time.monotonic()

    def _passed_by_hand(self, pace: Pace) -> float:
        """A clock moved by hand passes time, except where it is put right: that is a step."""
        before, after = self._pace.at(time.time()), pace.at(time.time())
        step = (before < EARLIEST) != (after < EARLIEST)
        return 0.0 if step else max((after - before).total_seconds(), 0.0)

    def _believable(self, at: datetime) -> bool:
        if at < EARLIEST or not self._pace.synced:
            return False
        return self._file is not None or self._synced.exists() or not self._synced.parent.exists()


def _boot_id() -> str:
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return f"process-{os.getpid()}-{datetime.now(UTC):%Y%m%d%H%M%S%f}"


def _read(file: Path) -> tuple[Pace, bytes]:
    content = file.read_bytes()
    pace = unpacked(content)
    pace.at(time.time())
    return pace, content
