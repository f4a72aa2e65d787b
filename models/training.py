"""Arrays of recordings in, numbers out: the only place that knows scikit-learn. For the evaluation and for making the
data files that are shipped; nothing that watches over a home needs it.
"""

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, IsolationForest

from models.detection.batch import Floats, Ints

DAY_HOURS = 24.0


def outlier_scores(seen: Floats, asked: Floats, trees: int = 100) -> Floats:
    """How unlike the rows of `seen` each row of `asked` is; higher is more unlike. The same for the same rows."""
    forest = IsolationForest(n_estimators=trees, max_samples=min(512, len(seen)), random_state=0)
    scores: Floats = -forest.fit(seen).score_samples(asked)
    return scores


def ending_chances(known: Floats, ended: Ints, weight: Floats, asked: Floats, edges: Floats) -> Floats:
    """(asked, bins): the chance that a silence which has reached a bin ends in it, by boosted trees.

    `known` (n, k) is what was known when a silence began, the hour of the day first; `ended` the bin in which it
    ended, `weight` what it counts for; `edges` (bins + 1) in s.
    """
    row, each = _reached(ended)
    trees = HistGradientBoostingClassifier(
        max_iter=150,
        learning_rate=0.08,
        max_leaf_nodes=15,
        min_samples_leaf=50,
        l2_regularization=5.0,
        early_stopping=False,
    )
    trees.fit(_table(known, row, each, edges), each == ended[row], sample_weight=weight[row])
    bins = len(edges) - 1
    rows, bin_of = np.repeat(np.arange(len(asked)), bins), np.tile(np.arange(bins), len(asked))
    chance: Floats = trees.predict_proba(_table(asked, rows, bin_of, edges))[:, 1].reshape(-1, bins)
    return chance


def _reached(ended: Ints) -> tuple[Ints, Ints]:
    """A row for each bin that each silence reached: which silence, and which bin."""
    row = np.repeat(np.arange(len(ended)), ended + 1)
    return row, np.arange(len(row)) - np.repeat(np.cumsum(ended + 1) - (ended + 1), ended + 1)


def _table(known: Floats, row: Ints, each: Ints, edges: Floats) -> Floats:
    """What is known, with the bin and the hour of the day at which it is reached."""
    middle = np.sqrt(np.maximum(edges[each], 20.0) * edges[each + 1]) / 3600.0
    hour = np.mod(known[row, 0] + middle, DAY_HOURS)
    return np.column_stack([known[row], each, hour]).astype(np.float32)
