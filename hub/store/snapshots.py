"""The detectors' state as it was after one observation, kept so that a restart need not read everything again.

A borough's is a hundred and fifty megabytes, and a commit of that would keep an alert waiting for a second. So it is
written piece by piece, beside the last whole one, and counts once its head says that all of it is there.

Each of several watches has one of its own. When their number changes, those of the old number are what each begins
with, and go once each of the new number has its own.
"""

import re
from collections.abc import Iterator

from sqlalchemy import Connection, Engine, delete, select

from hub.store import schema
from hub.store.database import upsert, writing
from models.share import WHOLE, Share, shares

PIECE = 1024 * 1024
HEAD = "engine"
SIDES = ("a", "b")
_IN_PIECES = "in pieces:"
_OF = re.compile(rf"{HEAD}(?:-([0-9]+)-of-([0-9]+))?( .*)?")
_table = schema.snapshots


class Snapshots:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self, made_with: str | None = "", share: Share = WHOLE) -> tuple[int, bytes | memoryview] | None:
        """After which observation, and the state; None too where the last one was made with something else (with
        `made_with` None it may be).
        """
        with self._engine.connect() as connection:
            head = _head(connection, share)
            if head is None or made_with not in (None, head[2]):
                return None
            seq, content, _ = head
            side, count = _pieces(content)
            if not side:
                return seq, content
            mine = _table.c.name.in_(_names(share, side, count))
            pieces = select(_table.c.content).where(mine).order_by(_table.c.name)
            whole = bytearray()
            for piece in connection.execute(pieces).yield_per(1).scalars():  # never all of them beside the whole
                whole += piece
            return seq, memoryview(whole)

    def of_another_number(self, made_with: str | None, count: int) -> dict[Share, tuple[int, bytes | memoryview]]:
        """Of the watches that there were before there were `count` of them, if all of theirs are here; else nothing."""
        with self._engine.connect() as connection:
            counts = {share.count for share in _heads(connection)} - {count}
        for other in sorted(counts):
            found = {share: self.latest(made_with, share) for share in shares(other)}
            whole = {share: one for share, one in found.items() if one is not None}
            if len(whole) == other:
                return whole
        return {}

    def covered(self, count: int) -> int:
        """Observations up to this one are in the snapshot of whichever of `count` watches they belong to."""
        with self._engine.connect() as connection:
            heads = _heads(connection)
        return min(heads.get(share, 0) for share in shares(count))

    def save(self, seq: int, content: bytes | memoryview, made_with: str = "", share: Share = WHOLE) -> None:
        """All of it, before this returns."""
        for _ in self.saving(seq, content, made_with, share):
            pass

    def saving(
        self, seq: int, content: bytes | memoryview, made_with: str = "", share: Share = WHOLE
    ) -> Iterator[None]:
        """A short commit each time that it is asked to go on; in force after the last."""
        whole, row = memoryview(content), {"seq": seq, "made_with": made_with}
        if len(whole) <= PIECE:
            self._keep({"name": _head_of(share), "content": bytes(whole), **row})
            yield from self._forgetting("", share)
            return
        side, count = self._free_side(share), -(-len(whole) // PIECE)
        for number, name in enumerate(_names(share, side, count)):
            self._keep(
                {"name": name, "content": bytes(whole[number * PIECE : (number + 1) * PIECE]), **row}, lightly=True
            )
            yield
        self._keep({"name": _head_of(share), "content": f"{_IN_PIECES}{side}:{count}".encode(), **row})
        yield from self._forgetting(side, share)

    def _forgetting(self, kept: str, share: Share) -> Iterator[None]:
        """All pieces but those of the side in force: what was erased meanwhile is in none. And what watches of another
        number left, once each of this number has its own.
        """
        with self._engine.connect() as connection:
            names = list(connection.execute(select(_table.c.name)).scalars())
            heads = _heads(connection)
        mine, in_force = f"{_head_of(share)} ", f"{_head_of(share)} {kept or '-'} "
        old = [name for name in names if name.startswith(mine) and not name.startswith(in_force)]
        if all(one in heads for one in shares(share.count)):
            old += [name for name in names if _share_of(name).count != share.count]
        for name in old:
            with writing(self._engine, lightly=True) as connection:
                connection.execute(delete(_table).where(_table.c.name == name))
            yield

    def _free_side(self, share: Share) -> str:
        with self._engine.connect() as connection:
            head = _head(connection, share)
        taken = _pieces(head[1])[0] if head else ""
        return next(side for side in SIDES if side != taken)

    def _keep(self, row: dict[str, object], *, lightly: bool = False) -> None:
        with writing(self._engine, lightly=lightly) as connection:
            upsert(connection, _table, [row])


def _head_of(share: Share) -> str:
    return HEAD if share.whole else f"{HEAD}-{share.index}-of-{share.count}"


def _share_of(name: str) -> Share:
    found = _OF.fullmatch(name)
    return Share(int(found[1]), int(found[2])) if found and found[1] else WHOLE


def _head(connection: Connection, share: Share) -> tuple[int, bytes, str] | None:
    found = connection.execute(select(_table).where(_table.c.name == _head_of(share))).first()
    return None if found is None else (found.seq, found.content, found.made_with)


def _heads(connection: Connection) -> dict[Share, int]:
    """After which observation each one that is here was made."""
    found = connection.execute(select(_table.c.name, _table.c.seq).where(_table.c.name.not_like("% %")))
    return {_share_of(name): seq for name, seq in found}


def _pieces(content: bytes) -> tuple[str, int]:
    """On which side, and how many; ('', 0) of a state that is here as a whole."""
    if not content.startswith(_IN_PIECES.encode()):
        return "", 0
    _, side, count = content.decode().split(":")
    return side, int(count)


def _names(share: Share, side: str, count: int) -> list[str]:
    return [f"{_head_of(share)} {side} {number:05}" for number in range(count)]
