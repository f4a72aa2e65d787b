"""What is known of silences before a home has taught us anything: learned from other homes, shipped as a small file."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from models.detection import kernels
from models.detection.batch import Floats, Ints


class BadPrior(ValueError):
    """The file is no prior that this version can read."""


@dataclass(frozen=True, slots=True)
class Prior:
    """`usual_*`: the chance that a silence ends in a bin once it reached it, by way out (4, bins), by hour and way
    (20, wide bins), by hour and room (60, wide), by room and restlessness (24, wide), and of the next sign coming within
    five minutes (4). Trees (`roots`, `feature`, `cut`, `child`, `start`) turn what a home has taught and what is known now
    into a chance. `price` (s of delay that a false alert is worth) stands beside the `rate` that it led to, in false
    alerts per home and 30 days. `provenance` says from what, when and how it was learned.
    """

    usual_way: Floats
    usual_band: Floats
    usual_room: Floats
    usual_calm: Floats
    usual_short: Floats
    roots: Ints
    feature: NDArray[np.int8]
    cut: NDArray[np.float32]
    child: NDArray[np.int32]
    start: float
    rate: Floats
    price: Floats
    provenance: Mapping[str, str | int | float]

    @property
    def usual(self) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        return self.usual_way, self.usual_band, self.usual_room, self.usual_calm, self.usual_short

    @property
    def trees(self) -> tuple[Ints, NDArray[np.int8], NDArray[np.float32], NDArray[np.int32], float]:
        return self.roots, self.feature, self.cut, self.child, self.start

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
        found = Prior(**{**arrays, "start": float(arrays["start"]), "provenance": said})
    except (ValueError, KeyError, TypeError, OSError) as wrong:
        raise BadPrior(f"this is no prior: {wrong}; make one with nightlight-sim evaluate --learn-prior") from wrong
    if found.usual_way.shape != (4, kernels.BINS) or found.usual_room.shape != (60, kernels.WIDES):
        raise BadPrior("this prior was made for another version; make it again")
    return found
