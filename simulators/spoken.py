"""Homes that speak on the wire without a kit: a long history at once, or a whole town."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from models.observation import Observation
from models.wire import Heartbeat, Leg, Up, encode, topic
from simulators.kit import Play
from simulators.programs import Failed
from simulators.wires import Hearing, close, connected

BATCH = 200
ON_THE_WAY = 4000
"""Observations sent and not yet receipted, at most: a hub's broker keeps only so many for a slow reader."""


class Voice:
    """Speaks for any home, out of an outbox of one name."""

    def __init__(self, host: str, port: int, outbox: str) -> None:
        self.outbox = outbox
        self.sent: dict[str, int] = defaultdict(int)
        self._client = connected(host, port)

    def say(self, home: str, sent: datetime, plays: Iterable[Play]) -> int:
        """One message of observations, numbered on from the last. Returns the last number."""
        noticed = [(play.sensor, play.what, play.at) for play in plays if play.what]
        first = self.sent[home] + 1
        observations = tuple(Observation(number, *one) for number, one in enumerate(noticed, first))
        self.sent[home] += len(observations)
        self._client.publish(topic(home, Leg.UP), encode(Up(self.outbox, sent, observations)), qos=1)
        return self.sent[home]

    def beat(self, home: str, at: datetime, sensors: dict[str, datetime], every: float = 60.0) -> None:
        self.says_it_is_here(home, Heartbeat(self.outbox, at, at, every=every, sensors=sensors))

    def says_it_is_here(self, home: str, beat: Heartbeat) -> None:
        self._client.publish(topic(home, Leg.HEALTH), encode(beat), qos=1, retain=True)

    def close(self) -> None:
        close(self._client)


def tell(voice: Voice, hearing: Hearing, home: str, sent: datetime, plays: list[Play], seconds: float = 30.0) -> None:
    """A whole history, never with too much on the way. Raises Failed when the hub stops giving receipts."""
    for start in range(0, len(plays), BATCH):
        voice.say(home, sent, plays[start : start + BATCH])
        _wait(voice, hearing, home, seconds)


def _wait(voice: Voice, hearing: Hearing, home: str, seconds: float) -> None:
    enough = max(voice.sent[home] - ON_THE_WAY, 0)
    missing = hearing.wait_for({home: enough}, seconds, voice.outbox)
    if missing:
        raise Failed(f"the hub gave no receipt for {missing[home]} observations of {home} within {seconds:g} s")
