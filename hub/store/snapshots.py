"""The detectors' state as it was after one observation, kept so that a restart need not read everything again.

A borough's is a hundred and fifty megabytes, and a commit of that would keep an alert waiting for a second. So it is
written piece by piece, beside the last whole one, and counts once its head says that all of it is there.
"""

from collections.abc import Iterator

from sqlalchemy import Connection, Engine, delete, select

from hub.store import schema
from hub.store.database import upsert, writing

PIECE = 1024 * 1024
HEAD = "engine"
SIDES = ("a", "b")
_IN_PIECES = "in pieces:"
_table = schema.snapshots


class Snapshots:
    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def latest(self, made_with: str = "") -> tuple[int, bytes] | None:
        """After which observation, and the state; None too where the last one was made with something else."""
        with self._engine.connect() as connection:
            head = _head(connection)
            if head is None or head[2] != made_with:
                return None
            seq, content, _ = head
            side, count = _pieces(content)
            if not side:
                return seq, content
            mine = select(_table.c.content).where(_table.c.name.in_(_names(side, count))).order_by(_table.c.name)
            return seq, b"".join(connection.execute(mine).scalars())

    def save(self, seq: int, content: bytes | memoryview, made_with: str = "") -> None:
        """All of it, before this returns."""
        for _ in self.saving(seq, content, made_with):
            pass

    def saving(self, seq: int, content: bytes | memoryview, made_with: str = "") -> Iterator[None]:
        """A short commit each time that it is asked to go on; in force after the last."""
        whole, row = memoryview(content), {"seq": seq, "made_with": made_with}
        if len(whole) <= PIECE:
            self._keep({"name": HEAD, "content": bytes(whole), **row})
            yield from self._forgetting("")
            return
        side, count = self._free_side(), -(-len(whole) // PIECE)
        for number, name in enumerate(_names(side, count)):
            self._keep({"name": name, "content": bytes(whole[number * PIECE : (number + 1) * PIECE]), **row})
            yield
        self._keep({"name": HEAD, "content": f"{_IN_PIECES}{side}:{count}".encode(), **row})
        yield from self._forgetting(side)

    def _forgetting(self, kept: str) -> Iterator[None]:
        """All pieces but those of the side in force: what was erased meanwhile is in none."""
        pieces = select(_table.c.name).where(
            _table.c.name.like(f"{HEAD} %"), _table.c.name.not_like(f"{HEAD} {kept or '-'} %")
        )
        with self._engine.connect() as connection:
            old = list(connection.execute(pieces).scalars())
        for name in old:
            with writing(self._engine) as connection:
                connection.execute(delete(_table).where(_table.c.name == name))
            yield

    def _free_side(self) -> str:
        with self._engine.connect() as connection:
            head = _head(connection)
        taken = _pieces(head[1])[0] if head else ""
        return next(side for side in SIDES if side != taken)

    def _keep(self, row: dict[str, object]) -> None:
        with writing(self._engine) as connection:
            upsert(connection, _table, [row])


def _head(connection: Connection) -> tuple[int, bytes, str] | None:
    found = connection.execute(select(_table).where(_table.c.name == HEAD)).first()
    return None if found is None else (found.seq, found.content, found.made_with)


def _pieces(content: bytes) -> tuple[str, int]:
    """On which side, and how many; ('', 0) of a state that is here as a whole."""
    if not content.startswith(_IN_PIECES.encode()):
        return "", 0
    _, side, count = content.decode().split(":")
    return side, int(count)


def _names(side: str, count: int) -> list[str]:
    return [f"{HEAD} {side} {number:05}" for number in range(count)]
