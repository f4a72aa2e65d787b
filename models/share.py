"""Which of several watches looks after which homes: by a hash of the home's id, the same everywhere and for ever."""

import re
import zlib
from dataclasses import dataclass

MOST = 64
_SHARE = re.compile(r"([0-9]{1,2})/([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Share:
    """The homes of one of `count` watches; `index` counts from 1. Written '2/4'."""

    index: int = 1
    count: int = 1

    @property
    def whole(self) -> bool:
        return self.count == 1

    @property
    def first(self) -> bool:
        return self.index == 1

    def owns(self, home: str) -> bool:
        return self.count == 1 or zlib.crc32(home.encode()) % self.count == self.index - 1

    def named(self, what: str) -> str:
        """What there is one of for each watch: as it always was called where there is one watch."""
        return what if self.whole else f"{what} {self}"

    def __str__(self) -> str:
        return f"{self.index}/{self.count}"


WHOLE = Share()


def shares(count: int) -> list[Share]:
    return [Share(index, count) for index in range(1, count + 1)]


def read_share(words: str) -> Share:
    """Raises ValueError."""
    found = _SHARE.fullmatch(words)
    share = Share(int(found[1]), int(found[2])) if found else Share(0, 0)
    if not 1 <= share.index <= share.count <= MOST:
        raise ValueError(f"'{words}' is no share of the homes: the second of four is written 2/4")
    return share


def share_in(name: str) -> tuple[str, Share]:
    """What `named` was told: of 'watch 2/4' the name and the share. Raises ValueError."""
    what, _, words = name.partition(" ")
    return what, read_share(words) if words else WHOLE
