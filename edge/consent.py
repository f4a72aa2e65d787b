"""What was agreed to in this home, as the hub said it last: on the card, so that a kit without a path keeps to it."""

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from models.observation import SensorKind, What
from models.privacy import ALWAYS, may_leave
from models.wire import Configuration, Unreadable, encode, read_configuration

log = logging.getLogger(__name__)


class Consent:
    """`kinds` are those that were agreed to; None before anything was ever said, when all is kept and nothing goes."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.kinds = _read(file)

    def learn(self, kinds: Iterable[str]) -> bool:
        """Whether that is news. On a card that can't be written it holds until the end of this program."""
        kinds = frozenset(kinds)
        if kinds == self.kinds:
            return False
        self.kinds = kinds
        try:
            _write(self._file, encode(Configuration(tuple(sorted(kinds)))))
        except OSError as error:
            log.warning("what was agreed to can't be kept on the card: %s", error)
        return True

    def keeps(self, what: What) -> bool:
        """Whether it may be kept: a call for help always, and anything while nobody has said what is agreed."""
        return self.kinds is None or may_leave(what, self.kinds)

    def refused(self) -> list[What]:
        return [what for what in What if not self.keeps(what)]

    def names(self, kind: SensorKind) -> bool:
        """Whether the hub may be told anything of a sensor of that kind."""
        return kind in ALWAYS or kind in (self.kinds or ())


def _read(file: Path) -> frozenset[str] | None:
    try:
        return frozenset(read_configuration(file.read_bytes()).agreed)
    except FileNotFoundError:
        return None
    except (OSError, Unreadable) as error:
        log.warning("what was agreed to can't be read, and is asked for again: %s", error)
        return None


def _write(file: Path, content: bytes) -> None:
    """Flushed to the card before the name points to it."""
    fresh = file.with_name(f"{file.name}.new")
    with fresh.open("wb") as card:
        card.write(content)
        card.flush()
        os.fsync(card.fileno())
    fresh.replace(file)
