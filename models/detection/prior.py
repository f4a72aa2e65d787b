"""What is known of silences before a home has taught us anything: learned from other homes, shipped as a small file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.detection import kernels
from models.detection.batch import Floats, Ints
from models.detection.trees import SPLITS, laid_out


class BadPrior(ValueError):
    """The file is no prior that this version can read."""


@dataclass(frozen=True, slots=True)
class Prior:
    """`usual` (kernels.USUAL) holds chances in the places of a home's counters: that a silence ends in a bin once it
    has reached it, by way out, by hour and way, by hour and room, by room and restlessness; and last, of the next
    sign's coming within five minutes. Trees (`roots`, and `nodes` of kernels.NODE: those without a feature are leaves,
    whose worth is their cut; `start`) turn what a home has taught and what is known now into a chance; others, as many
    arrays beginning with `share`, into how much of a moment at which somebody may fall a sign of life is. `price` (s of
    delay that a false alert is worth) stands beside the `rate` that it led to, in false alerts per home and 30 days,
    where each home's own record corrected it. At the `reference` price homes are compared with each other for that; it
    would call for `outings` silences by a way out per home and 30 days.
    `provenance` says from what, when and how it was learned.
    """

    usual: Floats
    roots: Ints
    nodes: NDArray[Any]
    start: float
    share_roots: Ints
    share_nodes: NDArray[Any]
    share_start: float
    rate: Floats
    price: Floats
    reference: float
    outings: float
    provenance: Mapping[str, str | int | float]

    @property
    def trees(self) -> kernels.Trees:
        return laid_out(self.roots, self.nodes, self.start)

    @property
    def shares(self) -> kernels.Shares:
        nodes = self.share_nodes.view(kernels.NODE)  # out of a file they count as unaligned: all is compiled anew
        return kernels.Shares(self.share_roots, nodes, self.share_start)

    def price_of(self, rate: float | Floats) -> Floats:
        """The price at which so many false alerts per home and 30 days are expected."""
        asked = np.log(np.clip(np.asarray(rate, np.float64), self.rate[0] / 8, self.rate[-1] * 8))
        known, price = np.log(self.rate), np.log(self.price)
        slope = (price[-1] - price[0]) / (known[-1] - known[0])
        inside = np.interp(asked, known, price)
        beyond = slope * (asked - np.clip(asked, known[0], known[-1]))
        found: Floats = np.exp(inside + beyond)
        return found

    def to_bytes(self) -> bytes:
        content = io.BytesIO()
        arrays = {each.name: getattr(self, each.name) for each in fields(self) if each.name != "provenance"}
        np.savez_compressed(content, provenance=json.dumps(dict(self.provenance)), **arrays)
        return content.getvalue()


def prior_from(content: bytes) -> Prior:
    """Raises BadPrior."""
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as read:
            arrays = {name: read[name] for name in read.files}
        said = json.loads(str(arrays.pop("provenance")))
        numbers = {name: float(arrays[name]) for name in ("start", "share_start", "reference", "outings")}
        found = Prior(**{**arrays, **numbers, "provenance": said})
    except (ValueError, KeyError, TypeError, OSError) as wrong:
        raise BadPrior(f"this is no prior: {wrong}; make one with nightlight-sim train prior") from wrong
    grown = (found.roots, found.nodes), (found.share_roots, found.share_nodes)
    if found.usual.shape != (kernels.USUAL,) or any(nodes.dtype != kernels.NODE for _, nodes in grown):
        raise BadPrior("this prior was made for another version; make it again")
    if not all(_sound(*each) for each in grown):
        raise BadPrior("the trees of this prior can't be walked; make it again")
    return found


def _sound(roots: Ints, nodes: NDArray[Any]) -> bool:
    """A tree's nodes lie side by side, each before the two that it leads to, and no tree asks too much."""
    inner = np.flatnonzero(nodes["feature"] != kernels.LEAF)
    ends = np.append(roots[1:], len(nodes))
    last = ends[np.searchsorted(ends, inner, "right")] if len(roots) and roots[0] == 0 else inner
    child = nodes["child"][inner].astype(np.int64)
    known = nodes["feature"][inner] < kernels.INPUTS
    asks = np.diff(np.searchsorted(inner, np.append(roots, len(nodes))))
    return bool((child > inner).all() and (child + 1 < last).all() and known.all() and (asks <= SPLITS).all())
