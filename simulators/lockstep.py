"""Played time moved on by hand, so that days pass as fast as the programs can follow and nothing arrives late.

In every step the hub's clock leads, and the kits' clocks follow until just before their hearts beat. What the sensors
noticed until then is played and receipted, and only then the hearts may beat: so no kit ever says that it is complete
up to a moment whose observations are still on their way, which is what a silence is judged by.
"""

import time
from collections.abc import Sequence
from datetime import datetime, timedelta

from simulators.clock import PlayedClock
from simulators.kit import Kit
from simulators.programs import Failed
from simulators.wires import Hearing

JUST_BEFORE = timedelta(milliseconds=10)


class Lockstep:
    """`clock` is the hub's; `kits` come with the clocks they have. From `start` on, a heartbeat is due at every `beat`,
    and a step is as long.

    Raises Failed from `step` when something is not receipted within `patience` real seconds without any progress.
    """

    def __init__(
        self,
        clock: PlayedClock,
        kits: Sequence[tuple[Kit, PlayedClock]],
        hearing: Hearing,
        beat: timedelta,
        patience: float = 60.0,
    ) -> None:
        self._clock, self._kits, self._hearing, self._beat, self._patience = clock, kits, hearing, beat, patience
        self._before = {kit.home.id: hearing.receipted(kit.home.id) - kit.sent for kit, _ in kits}
        self._behind = {own: kit.behind for kit, own in kits}
        self._at = clock.now()

    def step(self) -> datetime:
        """Pass the time until the next heartbeat. Returns the moment it is then."""
        self._at += self._beat
        self._clock.hold(self._at)
        self._hold_kits(self._at - JUST_BEFORE)
        if sum(kit.play_until(self._at - JUST_BEFORE) for kit, _ in self._kits):
            self._receipted()
        self._hold_kits(self._at)
        self._beaten()
        return self._at

    def _hold_kits(self, at: datetime) -> None:
        for own, behind in self._behind.items():
            own.hold(at + behind)

    def _receipted(self) -> None:
        sent = {kit.home.id: kit.sent + self._before[kit.home.id] for kit, _ in self._kits}
        missing = self._hearing.wait_for(sent, self._patience)
        if missing:
            what = ", ".join(f"{count} of {home}" for home, count in sorted(missing.items()))
            raise Failed(f"no receipt came within {self._patience:g} s for observations that were played: {what}")

    def _beaten(self) -> None:
        """Wait until no heartbeat is due any more."""
        late = time.monotonic() + self._patience
        waiting = [kit for kit, _ in self._kits]
        while waiting := [kit for kit in waiting if self._due(kit)]:
            if time.monotonic() > late:
                raise Failed(
                    f"no heartbeat came within {self._patience:g} s of {', '.join(k.home.id for k in waiting)}"
                )
            time.sleep(0.002)

    def _due(self, kit: Kit) -> bool:
        beat = self._hearing.beats.get(kit.home.id)
        return beat is None or beat.at + self._beat <= self._at + kit.behind
