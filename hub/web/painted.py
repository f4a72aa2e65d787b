"""The queue as markup: small blocks and lists of rows, so that an open page is told what changed and nothing else.

A row is rendered once, whoever looks at it: nothing in it depends on the viewer.
"""

from dataclasses import dataclass, field
from datetime import datetime

from markupsafe import Markup

from hub.web.page import macro
from hub.web.shown import Queue, Waiting
from models.hours import clock_s


@dataclass(frozen=True, slots=True)
class Painted:
    """`blocks` are markup by their element's id; `lists` are the rows of each part, in order, by alert."""

    mark: str
    waiting: int
    clock: str = ""
    blocks: dict[str, Markup] = field(default_factory=dict)
    lists: dict[str, tuple[int, ...]] = field(default_factory=dict)
    rows: dict[int, tuple[Waiting, Markup]] = field(default_factory=dict)

    def since(self, before: "Painted") -> dict[str, object]:
        """What turns the page that showed `before` into this one."""
        rows = {one: str(text) for one, (waiting, text) in self.rows.items() if _other(before.rows.get(one), waiting)}
        blocks = {name: str(text) for name, text in self.blocks.items() if before.blocks.get(name) != text}
        lists = {name: order for name, order in self.lists.items() if before.lists.get(name) != order}
        return {"since": before.mark, "waiting": self.waiting, "blocks": blocks, "lists": lists, "rows": rows}


NOTHING = Painted("", 0)


def painted(queue: Queue, before: Painted = NOTHING) -> Painted:
    """Rows that say what they said `before` are taken from it."""
    rows: dict[int, tuple[Waiting, Markup]] = {}
    for name, part in queue.parts.items():
        for one in part.rows:
            known = before.rows.get(one.alert.id)
            same = known is not None and known[0] is one
            rows[one.alert.id] = known if known and same else (one, row(one, queue.now, small=name == "faults"))
    lists = {name: tuple(one.alert.id for one in part.rows) for name, part in queue.parts.items()}
    return Painted(queue.mark, queue.calls.total, clock_s(queue.now, queue.zone), _blocks(queue), lists, rows)


def row(one: Waiting, now: datetime, *, small: bool = False) -> Markup:
    return macro("rows.html", "row", one, now, small=small)


def _blocks(queue: Queue) -> dict[str, Markup]:
    blocks = {
        f"queue-{name}": macro("blocks.html", name, queue) for name in ("head", "heard", "empty", "ways", "outages")
    }
    for name, part in queue.parts.items():
        blocks[f"head-{name}"] = macro("blocks.html", f"{name}_head", part, queue)
        blocks[f"more-{name}"] = macro("blocks.html", "more", part, name)
    return blocks


def _other(known: tuple[Waiting, Markup] | None, one: Waiting) -> bool:
    return known is None or known[0] is not one
