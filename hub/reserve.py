"""Room on the disk that is kept for when there is none left: a file beside the databases, which is emptied then.

So a hub whose disk is full still raises what is urgent, for hours, while somebody makes room. That it lives on its
reserve is told by the file alone, so that each of its processes knows, also while nothing can be written: the file
holds its room, or it is empty. Once there is room again, and more than a little, it is filled again.
"""

import logging
import os
from pathlib import Path

from hub.settings import Settings

log = logging.getLogger(__name__)

FILE = "reserve"
MEGABYTE = 1024 * 1024
FULL, SCARCE, AMPLE = 1 / 8, 3 / 8, 2
"""How much room a disk has that is full, then how much it has while only what is urgent may be written, and how much
before the reserve is filled again, as parts of it.
"""
ONLY_URGENT = "the disk is full, and of what is noticed only calls for help are taken in"


class Reserve:
    """So many bytes in `folder`; none without one."""

    def __init__(self, folder: Path | None, size: int) -> None:
        self._file = folder / FILE if folder and size else None
        self.size = size if folder else 0
        self._trouble = ""

    @property
    def used(self) -> bool:
        """Whether the hub lives on it. Where no hub ran yet none does."""
        return self.held == 0

    @property
    def scarce(self) -> bool:
        """Whether so little is left of it that it is for what is urgent alone."""
        return self.used and self.room < self.size * SCARCE

    @property
    def hindrance(self) -> str:
        """Why kits are not heard but for calls for help, '' while they are."""
        return ONLY_URGENT if self.scarce else ""

    @property
    def held(self) -> int | None:
        """Bytes that the file holds; None while there is no file."""
        try:
            return None if self._file is None else self._file.stat().st_size
        except FileNotFoundError:
            return None

    @property
    def room(self) -> int:
        """Bytes that are free besides, for such as this process."""
        assert self._file is not None
        disk = os.statvfs(self._file.parent)
        return disk.f_bavail * disk.f_frsize

    def mind(self) -> None:
        """To be called several times a second, in as many processes as like: give it up, or fill it again."""
        if self._file is None:
            return
        try:
            self._mind(self._file)
        except OSError as bad:
            if bad.strerror != self._trouble:
                log.error("no room can be kept for a full disk in %s: %s", self._file, bad.strerror)  # noqa: TRY400
            self._trouble = bad.strerror or type(bad).__name__

    def _mind(self, file: Path) -> None:
        held, room = self.held, self.room
        if held and room < self.size * FULL:
            os.truncate(file, 0)
            log.critical("the disk is full: the hub lives on the %d MB that it kept, so make room", held // MEGABYTE)
        elif held != self.size and room + (held or 0) >= self.size * AMPLE:
            self._fill(file)
            self._trouble = ""
            if held == 0:
                log.warning("the disk has room again, and %d MB of it are kept", self.size // MEGABYTE)
        elif held is None:
            file.touch()
            log.critical("the disk is full: there is no room that could be kept, so make some")

    def _fill(self, file: Path) -> None:
        """Allocated, and not only as long: else it would give nothing back."""
        with file.open("ab") as opened:
            try:
                opened.truncate(self.size)
                os.posix_fallocate(opened.fileno(), 0, self.size)
            except OSError:
                opened.truncate(0)
                raise


def reserve(settings: Settings) -> Reserve:
    """None where all that is kept is in databases that see to their own disk."""
    ours = settings.records.startswith("sqlite") or settings.series.startswith("sqlite")
    return Reserve(settings.data if ours else None, settings.reserve_mb * MEGABYTE)
