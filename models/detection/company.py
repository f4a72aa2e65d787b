"""Whether somebody else may be there: one person does not set off two rooms in turn, again and again within seconds.

It raises nothing. It weakens what silence and signs of life say, for they may be the visitor's, and findings say so.
"""

from __future__ import annotations

from models.detection.clocks import Event
from models.detection.kernels import HOUR, Row, compiled, woven_in

HERE, THERE, SINCE_THERE, TURNS, SINCE_TURN, PEAK, USUAL, TODAY, SINCE_COMPANY = range(9)
SIZE = 9

IN_TURN = 20.0
HALF_LIFE = 1800.0
AT_LEAST, TIMES = 3.0, 1.5
"""Back and forth so often within about half an hour, and so many times as often as on the home's usual days."""
SHARE = 0.1
LONG_AGO = 1e6
MATTERS = 3 * HOUR
"""A visitor who was there so long ago may have been the last sign of life."""


@woven_in
def note(own: Row, event: Event) -> None:
    own[SINCE_THERE] += event.gap
    own[SINCE_TURN] += event.gap
    own[SINCE_COMPANY] = min(own[SINCE_COMPANY] + event.gap, LONG_AGO)
    if event.room == own[HERE]:
        return
    if event.room == own[THERE] and own[SINCE_THERE] <= IN_TURN and not event.door:
        turn(own, event)
    own[THERE], own[HERE], own[SINCE_THERE] = own[HERE], event.room, event.gap


@compiled
def turn(own: Row, event: Event) -> None:
    if event.day > own[TODAY]:
        own[USUAL] += SHARE * (own[PEAK] - own[USUAL])
        own[PEAK], own[TODAY] = 0.0, event.day
    own[TURNS] = own[TURNS] * 0.5 ** (own[SINCE_TURN] / HALF_LIFE) + 1.0
    own[SINCE_TURN] = 0.0
    own[PEAK] = max(own[PEAK], own[TURNS])
    if own[TURNS] >= max(AT_LEAST, TIMES * own[USUAL]):
        own[SINCE_COMPANY] = 0.0
