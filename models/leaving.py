"""When somebody is looked after no longer: why, and what of theirs ends with it. What was recorded stays."""

from dataclasses import dataclass
from enum import StrEnum


class Why(StrEnum):
    """In words that can be said to a family."""

    DIED = "died"
    CARE = "moved into care"
    MOVED = "moved away"
    DECLINED = "does not want the service any more"


@dataclass(frozen=True, slots=True)
class Ends:
    """What ends when this resident leaves. `last`: nobody is looked after in their home any more, and so its kit, its
    consents, its key safe's code and its promised call-backs end too. `alerts` about them are open, and have to be
    closed by those who answer them before anybody can leave.
    """

    last: bool
    alerts: tuple[int, ...]
    logins: tuple[str, ...]
    contacts: int
    faults: int = 0
    consents: int = 0
    promises: int = 0
    code: bool = False
