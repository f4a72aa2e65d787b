"""What was learned from other homes and ships with the hub, read once and handed to whoever judges."""

import hashlib
from dataclasses import dataclass
from importlib.resources import files

from models.detection.prior import Prior, prior_from


@dataclass(frozen=True, slots=True)
class Learned:
    """`mark` is another one for any other content: what an engine made of one prior means nothing with the next."""

    prior: Prior
    mark: str


def shipped() -> Learned:
    content = (files("models") / "data" / "prior.npz").read_bytes()
    return Learned(prior_from(content), hashlib.sha256(content).hexdigest()[:16])
