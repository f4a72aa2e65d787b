"""What was agreed to in this home, as the hub said it last; the outbox keeps that text, for a kit without a path."""

from models.observation import SensorKind, What
from models.privacy import ALWAYS, may_leave
from models.wire import Configuration, mark_of, read_configuration


class Consent:
    """Before anything was ever said, all is kept and nothing goes, but what was `felt`, which is not even kept."""

    def __init__(self) -> None:
        self._told: str | None = None
        self._said = Configuration()

    def learn(self, told: str) -> bool:
        """Whether that is news. Raises Unreadable, and then nothing changed."""
        said = read_configuration(told)
        news = told != self._told
        self._told, self._said = told, said
        return news

    @property
    def mark(self) -> str:
        """By which the hub knows what this kit keeps to."""
        return mark_of(self._told or "")

    @property
    def felt(self) -> bool:
        return self._said.felt

    @property
    def walking(self) -> bool:
        return self._said.walking

    def keeps(self, what: What) -> bool:
        """Whether it may be kept: a call for help always, and anything while nobody has said what is agreed."""
        return self._told is None or may_leave(what, self._kinds)

    def refused(self) -> list[What]:
        return [what for what in What if not self.keeps(what)]

    def names(self, kind: SensorKind) -> bool:
        """Whether the hub may be told anything of a sensor of that kind."""
        return kind in ALWAYS or kind in self._kinds

    @property
    def _kinds(self) -> frozenset[str]:
        return frozenset(self._said.agreed)
