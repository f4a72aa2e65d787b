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
    whose worth is their cut; `start`) turn what a home has taught and what is known now into a chance. `price` (s of
    delay that a false alert is worth) stands beside the `rate` that it led to, in false alerts per home and 30 days,
    where each home's own record corrected it. At the `reference` price homes are compared with each other for that; it
    would call for `outings` silences by a way out per home and 30 days.
    `provenance` says from what, when and how it was learned.
    """

    usual: Floats
    roots: Ints
    nodes: NDArray[Any]
    start: float
    rate: Floats
    price: Floats
    reference: float
    outings: float
    provenance: Mapping[str, str | int | float]

    @property
    def trees(self) -> kernels.Trees:
        return laid_out(self.roots, self.nodes, self.start)

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
        numbers = {name: float(arrays[name]) for name in ("start", "reference", "outings")}
        found = Prior(**{**arrays, **numbers, "provenance": said})
    except (ValueError, KeyError, TypeError, OSError) as wrong:
        raise BadPrior(f"this is no prior: {wrong}; make one with nightlight-sim train prior") from wrong
    if found.usual.shape != (kernels.USUAL,) or found.nodes.dtype != kernels.NODE:
        raise BadPrior("this prior was made for another version; make it again")
    if not _sound(found):
        raise BadPrior("the trees of this prior can't be walked; make it again")
    return found


def _sound(prior: Prior) -> bool:
    """A tree's nodes lie side by side, each before the two that it leads to, and no tree asks too much."""
    inner = np.flatnonzero(prior.nodes["feature"] != kernels.LEAF)
    ends = np.append(prior.roots[1:], len(prior.nodes))
    last = ends[np.searchsorted(ends, inner, "right")] if len(prior.roots) and prior.roots[0] == 0 else inner
    child = prior.nodes["child"][inner].astype(np.int64)
    known = prior.nodes["feature"][inner] < kernels.INPUTS
    asks = np.diff(np.searchsorted(inner, np.append(prior.roots, len(prior.nodes))))
    return bool((child > inner).all() and (child + 1 < last).all() and known.all() and (asks <= SPLITS).all())
