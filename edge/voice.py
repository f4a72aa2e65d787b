"""The kit's own word that help is coming: a lamp, a buzzer and a voice, whichever are fitted. None needs another."""

import logging
import subprocess
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

from edge.sensors import Buzzer, Lamp
from models.spoken import HELP_IS_COMING

log = logging.getLogger(__name__)

SHOWN = 3600.0
"""Seconds that the lamp stays lit."""
BEEPS, BEEP = 3, 0.3
SPEAKS = ("espeak-ng", "-s", "130", "-a", "180")
"""Slower and louder than it would by itself."""


@dataclass
class Voice:
    """`language` None where it does not speak. Used by the agent's thread alone; never waits."""

    lamp: Lamp | None = None
    buzzer: Buzzer | None = None
    language: str | None = None
    program: Sequence[str] = SPEAKS
    _until: float | None = None
    _told: deque[str] = field(default_factory=lambda: deque(maxlen=64))
    _speaking: subprocess.Popen[bytes] | None = None

    @property
    def fitted(self) -> bool:
        return self.lamp is not None or self.buzzer is not None or self.language is not None

    def help_is_coming(self, order: str, elapsed: float) -> bool:
        """Lit for longer when it is ordered anew; said aloud once for each order, however often that arrives. Whether
        anything shows or says it.
        """
        self._until = elapsed + SHOWN
        if self.lamp is not None:
            self.lamp.on()
        shown = self.lamp is not None or self.buzzer is not None
        if order in self._told:
            return True
        if self.buzzer is not None:
            self.buzzer.beep(BEEP, BEEP, BEEPS)
        if self.language is not None:
            shown |= self._speak(HELP_IS_COMING[self.language])
        if shown:
            self._told.append(order)
        return shown

    def tend(self, elapsed: float) -> None:
        if self._until is not None and elapsed >= self._until:
            self._until = None
            if self.lamp is not None:
                self.lamp.off()
        if self._speaking is not None and self._speaking.poll() is not None:
            if self._speaking.returncode:
                log.warning("%s could not speak: it ended with %d", self.program[0], self._speaking.returncode)
            self._speaking = None

    def close(self) -> None:
        for fitted in (self.lamp, self.buzzer):
            if fitted is not None:
                fitted.close()
        if self._speaking is not None:
            self._speaking.kill()
            self._speaking.wait()

    def _speak(self, text: str) -> bool:
        """Twice, for it may wake somebody. Where it can't, lamp and buzzer have to do."""
        if self._speaking is not None and self._speaking.poll() is None:
            return True
        command = [*self.program, "-v", str(self.language), f"{text} {text}"]
        try:
            self._speaking = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        except OSError as error:
            log.warning("the kit can't speak: %s: %s", self.program[0], error.strerror)
            return False
        return True
