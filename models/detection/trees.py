"""The compiled walk through the trees that say how fast a silence ends.

All bins of a silence are asked at once: the answer to a question is a number with one bit a bin, and what reaches a
branch is such a number too. So a tree is a fixed row of splits, two logical operations each, and nothing is foreseen.
"""

from __future__ import annotations

import numpy as np

from models.detection.kernels import (
    BINS,
    EDGES,
    HOUR,
    INPUTS,
    LEAF,
    Row,
    Shares,
    Trees,
    compiled,
    compiled_plain,
    compiled_sum,
    costs_here,
)

LEAVES = 15
"""At most, in a tree."""
SPLITS = LEAVES - 1
SPLIT = np.dtype([("question", np.uint16), ("slot", np.uint16)])
TAIL_FROM = 8 * HOUR

VARYING = np.array([0, 1, 15, 16, 17, 18, 19, 20, 25], np.uint64)
"""Inputs that are not the same for all bins of one silence."""
ABREAST = 8 * ((BINS + 8) // 8)
"""Bins, with some more that fill a vector."""
NONE, ONE = np.uint64(0), np.uint64(1)
ALL = np.uint64((1 << (BINS + 1)) - 1)
BIT = np.array([1 << each if each <= BINS else 0 for each in range(ABREAST)], np.uint64)


def laid_out(roots: Row, nodes: Row, start: float) -> Trees:
    """From nodes (kernels.NODE) that lie tree by tree, each before the two that it leads to."""
    inner, leaf = np.flatnonzero(nodes["feature"] != LEAF), np.flatnonzero(nodes["feature"] == LEAF)
    asked = np.stack([nodes["feature"][inner], nodes["cut"][inner]], axis=1).astype(np.float64)
    questions, question = np.unique(asked, axis=0, return_inverse=True)
    tree = np.searchsorted(roots, np.arange(len(nodes)), "right") - 1
    nth = np.arange(len(inner)) - np.searchsorted(inner, roots)[tree[inner]]
    slot = np.zeros(len(nodes), np.uint16)
    for node, each in zip(inner, nth, strict=True):
        child = nodes["child"][node]
        slot[child], slot[child + 1] = slot[node], each + 1
    splits, worth = np.zeros((len(roots), SPLITS), SPLIT), np.zeros((len(roots), LEAVES), np.float32)
    splits["question"] = len(questions)
    splits["question"][tree[inner], nth] = question.ravel()
    splits["slot"][tree[inner], nth] = slot[inner]
    worth[tree[leaf], slot[leaf]] = nodes["cut"][leaf]
    first = np.searchsorted(questions[:, 0], np.arange(INPUTS + 1)).astype(np.uint64)
    return Trees(questions[:, 1].astype(np.float32), first, splits, grained(worth), start)


def grained(worth: Row) -> Row:
    """Rounded to a grain so coarse that float32 holds every sum of one a tree exactly: the order of adding is then of
    no account, and processors differ in that.
    """
    most = max(float(np.abs(worth).max(axis=1, initial=0.0).sum()), 1.0)
    grain = 2.0 ** (np.ceil(np.log2(most)) - 23)
    rounded: Row = (np.round(worth / grain) * grain).astype(np.float32)
    return rounded


@compiled
def survivals(x: Row, trees: Trees) -> Row:
    still = np.empty((len(x), BINS + 1))
    for each in range(len(x)):
        survival(x[each], trees, still[each])
    return still


@compiled
def survival(x: Row, trees: Trees, still: Row) -> None:
    """Into `still` (BINS + 1): the chance that a well person is still silent at each edge. Beyond eight hours it falls
    at least as fast as one over the time, so that it never levels off where nothing was learned. (Sooner, silences by
    a door and at night do end more slowly than that.)
    """
    said = np.empty(BINS + 1)
    ask(x, trees, said)
    still[0] = 1.0 / (1.0 + np.exp(said[0]))
    for each in range(BINS):
        goes_on = 1.0 / (1.0 + np.exp(said[each + 1]))
        if EDGES[each] >= TAIL_FROM:
            goes_on = min(goes_on, EDGES[each] / EDGES[each + 1])
        still[each + 1] = still[each] * goes_on


@compiled
def ask(x: Row, trees: Trees, said: Row) -> None:
    """The log odds that the silence ends in each bin, where the trees are asked `x` (BINS + 1, INPUTS)."""
    answers, slots = np.empty(len(trees.cuts) + 1, np.uint64), np.empty(LEAVES, np.uint64)
    column = np.zeros(ABREAST, np.float32)
    who, worth = np.empty(trees.worth.size, np.uint64), np.empty(trees.worth.size, np.float32)
    answer(x, trees, column, answers)
    leaves = walk(trees, answers, slots, who, worth)
    for each in range(BINS + 1):
        said[each] = trees.start + added(who, worth, leaves, BIT[each])


@compiled_plain
def answer(x: Row, trees: Trees, column: Row, answers: Row) -> None:
    """Of each question the bins that say yes."""
    cuts, first = trees.cuts, trees.first
    for which in range(np.uint64(INPUTS)):
        value = x[NONE, which]
        for each in range(first[which], first[which + ONE]):
            answers[each] = ALL if value > cuts[each] else NONE
    answers[np.uint64(len(cuts))] = NONE
    for which in VARYING:
        for each in range(np.uint64(BINS + 1)):
            column[each] = x[each, which]
        for question in range(first[which], first[which + ONE]):
            answers[question] = above(column, cuts[question])


@compiled_plain
def above(column: Row, cut: float) -> np.uint64:
    bits = NONE
    for each in range(np.uint64(ABREAST)):
        bits |= BIT[each] if column[each] > cut else NONE
    return bits


@compiled_plain
def walk(trees: Trees, answers: Row, slots: Row, who: Row, worth: Row) -> int:
    """`who` (bins) reaches what `worth`, of all leaves that any bin reaches; returns how many these are."""
    found = NONE
    for tree in range(np.uint64(len(trees.splits))):
        slots[NONE] = ALL
        for each in range(np.uint64(SPLITS)):
            split = trees.splits[tree, each]
            yes = slots[split.slot] & answers[split.question]
            slots[split.slot] ^= yes
            slots[each + ONE] = yes
        for leaf in range(np.uint64(LEAVES)):
            who[found], worth[found] = slots[leaf], trees.worth[tree, leaf]
            found += np.uint64(slots[leaf] != NONE)
    return int(found)


@compiled_sum
def added(who: Row, worth: Row, leaves: int, bit: int) -> float:
    total = np.float32(0.0)
    for leaf in range(leaves):
        total += worth[leaf] if who[leaf] & bit else np.float32(0.0)
    return float(total)


@compiled
def share(x: Row, shares: Shares) -> float:
    """How much of a moment at which somebody may fall the sign of life is of which `x` (INPUTS) is known: of five
    minutes in which somebody moves each sign is as much as every other, and how many are still to come nobody knows.
    """
    said = shares.start
    for root in shares.roots:
        node = shares.nodes[root]
        while node.feature != LEAF:
            node = shares.nodes[node.child + int(x[node.feature] > node.cut)]
        said += node.cut
    return float(np.exp(said))


@compiled
def dearness(x: Row, usual: Row, shares: Shares) -> float:
    """How many times a false alert costs, beside a delay, what one does where somebody is at home and a whole moment is
    at stake: `x` (BINS + 1, INPUTS) is what the trees are asked.
    """
    return costs_here(x, usual) / share(x[0], shares)


@compiled
def all_dearness(x: Row, usual: Row, shares: Shares) -> Row:
    found = np.empty(len(x))
    for each in range(len(x)):
        found[each] = dearness(x[each], usual, shares)
    return found
