"""Rooms as detectors number them."""

from functools import lru_cache

from models.home import Sensor

BATHROOM, BEDROOM, WAY_OUT, HALL, KITCHEN, ELSEWHERE, BACK_WAY = range(7)

_WORDS = {
    "bath": BATHROOM, "toilet": BATHROOM, "shower": BATHROOM, "wc": BATHROOM, "lavatory": BATHROOM,
    "bed": BEDROOM, "ensuite": BATHROOM, "en-suite": BATHROOM, "en suite": BATHROOM, "en_suite": BATHROOM, "hall": HALL,
    "landing": HALL, "stair": HALL, "kitchen": KITCHEN, "living": ELSEWHERE, "lounge": ELSEWHERE, "dining": ELSEWHERE,
}  # fmt: skip
"""The first counts: an en-suite bedroom is a bedroom."""

_BACK = ("back", "rear", "garden", "patio", "terrace", "balcony", "yard", "conservatory")


def room_code(sensor: Sensor) -> int:
    """Bathroom, bedroom, way out, hall, kitchen, living room and all else; and last a way out at the back, by which
    people seldom go far.
    """
    if sensor.is_exit:
        return BACK_WAY if any(word in f"{sensor.id} {sensor.room}".lower() for word in _BACK) else WAY_OUT
    return _inside(sensor.room)


@lru_cache(maxsize=4096)
def _inside(room: str) -> int:
    """Homes are many, and names of rooms few."""
    return next((code for word, code in _WORDS.items() if word in room.lower()), ELSEWHERE)
