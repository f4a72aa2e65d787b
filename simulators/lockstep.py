"""Played time moved on by hand, so that days pass as fast as the programs can follow and nothing arrives late.

In every step the hub's clock leads, and the kits' clocks follow until just before their hearts beat. What the sensors
noticed until then is played and receipted, and only then the hearts may beat: so no kit ever says that it is complete
up to a moment whose observations are still on their way, which is what a silence is judged by.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from simulators.clock import PlayedClock
from simulators.kit import Kit
from simulators.programs import Failed
from simulators.spoken import Voice
from simulators.wires import Hearing

JUST_BEFORE = timedelta(seconds=2)
SOONER = timedelta(seconds=1)
"""A kit is told to beat this much more often than a step is long, so that none is due just before and each is after."""


def beats_in(step: timedelta) -> dict[str, float]:
    """The settings of a kit that is to be played in such steps."""
    return {"heartbeat_every": (step - SOONER).total_seconds()}


class Lockstep:
    """`clock` is the hub's; `kits` come with the clocks they have and with `beats_in(length)`, `length` being a step's.

    Raises Failed from `step` when something is not receipted within `patience` real seconds without any progress.
    """

    def __init__(
        self,
        clock: PlayedClock,
        kits: Sequence[tuple[Kit, PlayedClock]],
        voice: Voice,
        hearing: Hearing,
        length: timedelta,
        patience: float = 60.0,
    ) -> None:
        self._voice, self._asked = voice, hearing.empty
        self._clock, self._kits, self._hearing, self._length, self._patience = clock, kits, hearing, length, patience
        self._before = {kit.home.id: hearing.receipted(kit.home.id) - kit.sent for kit, _ in kits}
        self._behind = {own: kit.behind for kit, own in kits}
        self._at = clock.now()

    def step(self) -> datetime:
        """Pass the time until after the next heartbeat. Returns the moment it is then."""
        self._at += self._length
        self._clock.hold(self._at)
        self._hold_kits(self._at - JUST_BEFORE)
        if sum(kit.play_until(self._at - JUST_BEFORE) for kit, _ in self._kits):
            self._receipted()
        self._hold_kits(self._at)
        for kit, _ in self._kits:
            kit.stir()
        self._beaten()
        self._taken_in()
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
        if not self._hearing.wait_until(lambda: not any(self._due(kit) for kit, _ in self._kits), self._patience):
            who = ", ".join(kit.home.id for kit, _ in self._kits if self._due(kit))
            raise Failed(f"no heartbeat came within {self._patience:g} s of {who}")

    def _taken_in(self) -> None:
        """The heartbeats passed the hub's broker; wait until the hub has them too. It takes everything in in order, so
        an empty message is answered after them.
        """
        self._asked += 1
        self._voice.say(self._kits[0][0].home.id, self._at, ())
        if not self._hearing.wait_until(lambda: self._hearing.empty >= self._asked, self._patience):
            raise Failed(f"the hub answered nothing for {self._patience:g} s")

    def _due(self, kit: Kit) -> bool:
        beat = self._hearing.beats.get(kit.home.id)
        return beat is None or beat.at + self._length - SOONER <= self._at + kit.behind
