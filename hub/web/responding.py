"""What pages are handed about the agreed response: the plan in force, what came of each step, and what is next."""

from dataclasses import dataclass
from datetime import datetime

from models.response import Answer, Proposal


@dataclass(frozen=True, slots=True)
class PlanStep:
    """One step as it stands. `phones` are numbers to ring; `said` is what came of the last try, `at` that moment."""

    number: int
    name: str
    aside: str
    way: str
    by_hand: bool
    phones: tuple[str, ...] = ()
    said: str = ""
    at: datetime | None = None
    times: int = 0
    proposed: bool = False
    who: str = ""

    @property
    def key(self) -> str:
        """By which a form names it: numbers may shift while that is open."""
        return f"{self.number} {self.who}"


@dataclass(frozen=True, slots=True)
class Responding:
    """The plan in force for an open alert; with `may_try` its viewer holds it and may put tries on record. `unspoken`
    is what to ask whoever would close it, where nobody is on record who knows how the resident is.
    """

    title: str
    steps: tuple[PlanStep, ...]
    proposal: Proposal
    held_until: datetime | None
    may_try: bool
    unspoken: str

    @property
    def proposed(self) -> PlanStep | None:
        return next((step for step in self.steps if step.proposed), None)

    @property
    def by_hand(self) -> tuple[PlanStep, ...]:
        return tuple(step for step in self.steps if step.by_hand and step.way == "by telephone")


@dataclass(frozen=True, slots=True)
class Reply:
    """The page behind a link: about whom, what this person said already, and whether it is over. In their `language`;
    `why` is '' for whoever may not know it.
    """

    called: str
    said: Answer | None
    until: datetime | None
    over: bool
    zone: str
    now: datetime
    language: str
    why: str
