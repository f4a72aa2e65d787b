"""Arrays of recordings in, numbers out: the only place that knows scikit-learn. For the evaluation and for making the
data files that are shipped; nothing that watches over a home needs it.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, IsolationForest
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier

from models.detection import kernels
from models.detection.batch import Bools, Floats, Ints
from models.detection.falls import FallModel, Net
from models.detection.prior import Prior
from models.detection.routine import REFERENCE_RATE, History, Waits, inputs, noises, waits
from models.detection.trees import LEAVES

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
    table = _table(known, row, each, edges)
    cuts = _cuts(table, weight[row])
    trees.fit(_coded(table, cuts), each == ended[row], sample_weight=weight[row])
    bins = len(edges) - 1
    rows, bin_of = np.repeat(np.arange(len(asked)), bins), np.tile(np.arange(bins), len(asked))
    chance: Floats = trees.predict_proba(_coded(_table(asked, rows, bin_of, edges), cuts))[:, 1].reshape(-1, bins)
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


RATES = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 8.0])
USUALLY_ASKED = RATES[1:-1]
SHORT_KEPT = 0.08
"""Nine silences in ten end within five minutes; so many of them are enough to learn from."""

LATER = np.sqrt(np.concatenate([[kernels.EARLIEST], kernels.MIDDLE]) / 1800.0)
"""A bin counts for more the later it lies: few silences last for hours, and it is those that call."""

JUDGED_AFTER_DAYS = 28.0

FOLDS = 8
"""A home is judged by what all but one home in so many have taught, which comes near to what is shipped."""
ROUNDS = FOLDS + 1

BINS = 255
"""Into so many parts a column is cut at most, which is what scikit-learn allows."""
SAMPLED = 200_000
"""Of more rows than these it looks only at some to find where."""

Trees = tuple[Ints, NDArray[Any], float]
Counts = list[Floats]
Provenance = Mapping[str, str | int | float]


@dataclass(frozen=True, slots=True)
class Tried:
    """A home's silences of five minutes or more under a prior that had not seen it: their `rows` in its history, what
    was `found` there, their `gap` (s), which are `judged`, and the `days` that these are of.
    """

    history: History
    rows: Ints
    found: Waits
    gap: Floats
    judged: Bools
    days: float

    def indoors(self) -> Tried:
        return replace(self, judged=self.judged & ~self.found.way_out)

    def outdoors(self) -> Tried:
        return replace(self, judged=self.judged & self.found.way_out)

    def noises(self, reference: float, outings: float) -> Floats:
        """Of the judged ones."""
        return noises(self.history, self.rows, self.found, reference, outings)[self.judged]

    def alerts(self, price: float | Floats) -> int:
        """At one price, or one for each judged silence."""
        tau = self.found.of(self.judged).deadlines(price)
        return int(np.sum(self.gap[self.judged] > tau))


Each = Callable[[Callable[[Any, Any], Any], Any, Sequence[Any]], Iterable[Any]]
"""Does work(shared, part) for each part, wherever it likes, and gives what that makes in the order of the parts."""


def here(work: Callable[[Any, Any], Any], shared: Any, parts: Sequence[Any]) -> Iterable[Any]:
    return (work(shared, part) for part in parts)


def learn_prior(
    histories: Sequence[History],
    provenance: Provenance,
    done: Callable[[], object] = lambda: None,
    each: Each = here,
) -> Prior:
    """From the histories of three homes or more. The prices are those at which homes got each rate from trees that had
    not seen them, so they hold for unseen homes. `done` is called after each of `ROUNDS` rounds.
    """
    *models, whole = _taught(histories, provenance, [*_folds(histories), None], done, each)
    return priced(whole, _all_tried(histories, models))


def learn_crossed(
    histories: Sequence[History],
    provenance: Provenance,
    done: Callable[[], object] = lambda: None,
    each: Each = here,
) -> list[Prior]:
    """For each home one that its own history did not teach, nor did it help to set the prices. (It was among the homes
    that taught the trees by which others were judged for those.)
    """
    models = _taught(histories, provenance, _folds(histories), done, each)
    tried = _all_tried(histories, models)
    found = []
    for mine in range(len(models)):
        others = [each for place, each in enumerate(tried) if place % FOLDS != mine]
        found.append(priced(models[mine], others))
    return [found[place % FOLDS] for place in range(len(histories))]


def _folds(histories: Sequence[History]) -> list[int]:
    return list(range(min(FOLDS, len(histories))))


def _taught(
    histories: Sequence[History],
    provenance: Provenance,
    left_out: Sequence[int | None],
    done: Callable[[], object],
    each: Each,
) -> list[Prior]:
    """A prior for each fold that is left out, which the others taught, or for None of all homes."""
    shared = histories, [counted(history) for history in histories], provenance
    models = []
    for model in each(teach, shared, left_out):
        models.append(model)
        done()
    return models


def teach(shared: tuple[Sequence[History], Sequence[Counts], Provenance], left_out: int | None) -> Prior:
    histories, counts, provenance = shared
    kept = [place for place in range(len(histories)) if place % FOLDS != left_out]
    return _fitted([histories[one] for one in kept], [counts[one] for one in kept], provenance)


def _all_tried(histories: Sequence[History], models: Sequence[Prior]) -> list[Tried]:
    """Every home under the prior of its own fold."""
    return [_tried(history, models[place % FOLDS]) for place, history in enumerate(histories)]


def priced(prior: Prior, tried: Sequence[Tried]) -> Prior:
    """First one price for all homes, at which those are found that are noisier than others; then as homes are watched,
    each corrected by its own record. That takes more alerts from the noisy than it gives to the quiet, so as many more
    have to be asked for; how many more depends little on the rate, and one figure for all is surer than one for each.
    """
    common = replace(prior, rate=RATES, price=np.array([_common_price(tried, rate) for rate in RATES]))
    reference = _common_price([one.indoors() for one in tried], REFERENCE_RATE)
    months = max(sum(one.days for one in tried) / 30.0, 1 / 30)
    outings = sum(one.outdoors().alerts(reference) for one in tried) / months
    noisy = [one.noises(reference, outings) for one in tried]
    more = np.exp(np.mean([np.log(_asked_for(tried, noisy, common, rate) / rate) for rate in USUALLY_ASKED]))
    return replace(common, price=common.price_of(more * RATES), reference=reference, outings=outings)


def counted(history: History) -> Counts:
    wide = kernels.WIDES
    shapes = ((kernels.WAYS, kernels.BINS), (20, wide), (60, wide), (24, wide), (kernels.WAYS, 2))
    found = [np.zeros(shape) for shape in shapes]
    kernels.tally_usual(history.t, history.room, history.door, history.learnt, *found)
    return found


def usual(counts: Sequence[Counts]) -> Floats:
    """Chances from counts, each pulled towards that of all."""
    *ended, short = (np.sum(each, axis=0) for each in zip(*counts, strict=True))
    near = short[:, 0] / np.maximum(short.sum(1), 1.0)
    return np.concatenate([*(_chances(each).ravel() for each in ended), near])


def _chances(ended: Floats) -> Floats:
    whole = _chance(ended.sum(0, keepdims=True), np.full((1, ended.shape[1]), 0.2))
    return _chance(ended, whole)


def _chance(ended: Floats, towards: Floats) -> Floats:
    reached = ended[:, ::-1].cumsum(1)[:, ::-1]
    return (ended + kernels.PULL * towards) / (reached + kernels.PULL)


def _fitted(histories: Sequence[History], counts: Sequence[Counts], provenance: Provenance) -> Prior:
    """What a home is asked in training is asked of it with what the others are used to."""
    parts = [
        _examples(history, usual([theirs for other, theirs in enumerate(counts) if other != place]))
        for place, history in enumerate(histories)
    ]
    x, ended, weight, known, share, counts_for = (np.concatenate(each) for each in zip(*parts, strict=True))
    trees, shares = grown(x, ended, weight), shares_grown(known, share, counts_for)
    price = np.geomspace(1e6, 1e4, len(RATES))
    return Prior(usual(counts), *trees, *shares, RATES, price, float(price[0]), 0.0, provenance)


Examples = tuple[NDArray[np.float32], Ints, Floats, NDArray[np.float32], Floats, Floats]


def _examples(history: History, others: Floats) -> Examples:
    """A row for each bin that each silence reached: what the trees are asked, whether it ended there, its weight. Then
    a row for each silence: what is known as it begins, how much of a moment its first sign of life was, its weight.
    """
    gap = np.append(np.diff(history.t), np.inf)
    luck = np.random.default_rng(0).random(len(gap))
    rows = np.flatnonzero(history.learnt & np.isfinite(gap) & ((gap >= kernels.EARLIEST) | (luck < SHORT_KEPT)))
    long = gap[rows] >= kernels.EARLIEST
    ended = np.where(long, np.clip(np.searchsorted(kernels.EDGES, gap[rows], "right"), 1, kernels.BINS), 0)
    x, weight = inputs(history, others, rows), np.where(long, 1.0, 1 / SHORT_KEPT)
    row, each = _reached(ended)
    silences = x[row, each], (each == ended[row]).astype(np.int64), weight[row] * LATER[each]
    return *silences, x[:, 0].copy(), _shares(history.t)[rows], weight


def _shares(t: Floats) -> Floats:
    """How much of a moment each sign of life is: five minutes of the clock in which there are any are one moment."""
    _, moment, signs = np.unique(np.floor(t / kernels.EARLIEST), return_inverse=True, return_counts=True)
    found: Floats = 1.0 / signs[moment]
    return found


def grown(x: NDArray[np.float32], ended: Ints, weight: Floats) -> Trees:
    return _fit(_trees(rounds=80, rate=0.16, leaves=LEAVES, least=200), x, ended, weight)


def shares_grown(known: NDArray[np.float32], share: Floats, weight: Floats) -> Trees:
    return _fit(_share_trees(), known, share, weight)


def _share_trees() -> HistGradientBoostingRegressor:
    return HistGradientBoostingRegressor(
        loss="poisson",
        max_iter=30,
        learning_rate=0.2,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=300,
        early_stopping=False,
        random_state=0,
    )


Boosted: TypeAlias = HistGradientBoostingClassifier | HistGradientBoostingRegressor


def _fit(trees: Boosted, x: NDArray[np.float32], answer: NDArray[Any], weight: Floats) -> Trees:
    cuts = _cuts(x, weight)
    return flattened_at(trees.fit(_coded(x, cuts), answer, sample_weight=weight), cuts)


def flattened_at(trees: Boosted, cuts: Sequence[Floats]) -> Trees:
    """Of trees that were asked what lies where among `cuts`, as those that are asked the numbers themselves."""
    roots, nodes, start = flattened(trees)
    for node in np.flatnonzero((nodes["feature"] != kernels.LEAF) & bool(cuts)):
        nodes["cut"][node] = cuts[nodes["feature"][node]][int(np.ceil(nodes["cut"][node])) - 1]
    return roots, nodes, start


def _coded(x: NDArray[Any], cuts: Sequence[Floats]) -> NDArray[Any]:
    """By the part of its column in which each value lies. Scikit-learn sorts a weighted column anew for each of 254
    cuts, and has none to look for in what is cut already: the trees are the same, and there ten times as soon.
    """
    return np.column_stack([np.searchsorted(at, column) for at, column in zip(cuts, x.T, strict=True)]) if cuts else x


def _cuts(x: NDArray[Any], weight: Floats) -> list[Floats]:
    """Where scikit-learn would cut each column; none where it would look at some of the rows only."""
    return [_cuts_of(column, weight) for column in x.T] if len(x) <= SAMPLED else []


def _cuts_of(column: NDArray[Any], weight: Floats, bins: int = BINS) -> Floats:
    """Between all values, or where there are too many so that as much weight lies between any two cuts."""
    values = np.unique(column).astype(np.float64)
    if len(values) <= bins:
        return (values[:-1] + values[1:]) / 2
    order = np.argsort(column)
    ordered, upto = column[order].astype(np.float64), np.cumsum(weight[order])
    share = np.linspace(0, 100, bins + 1)[1:-1] / 100 * upto[-1]
    place = np.minimum(np.searchsorted(upto, share), len(order) - 1)
    beyond = np.minimum(place + 1, len(order) - 1)
    exact = upto[place] - share <= np.finfo(np.float64).eps
    return np.unique(np.where(exact, (ordered[place] + ordered[beyond]) / 2, ordered[place]))


def _trees(rounds: int, rate: float, leaves: int, least: int, seed: int = 0) -> HistGradientBoostingClassifier:
    """Of so many `leaves` with at least so many examples in each; the same for the same examples."""
    return HistGradientBoostingClassifier(
        max_iter=rounds,
        learning_rate=rate,
        max_leaf_nodes=leaves,
        max_features=0.3,
        min_samples_leaf=least,
        l2_regularization=5.0,
        early_stopping=False,
        random_state=seed,
    )


def flattened(trees: Boosted) -> Trees:
    """All trees, a record a node: its input (LEAF: a leaf), where it is cut (a leaf: its worth), and the place of its
    lower child, which the upper one follows.
    """
    roots: list[int] = []
    nodes: list[tuple[int, float, int]] = []
    for (tree,) in trees._predictors:
        roots.append(len(nodes))
        nodes.append((kernels.LEAF, 0.0, 0))
        waiting = [(0, roots[-1])]
        while waiting:
            theirs, mine = waiting.pop(0)
            node = tree.nodes[theirs]
            if node["is_leaf"]:
                nodes[mine] = (kernels.LEAF, float(node["value"]), 0)
                continue
            lower = len(nodes)
            nodes[mine] = (int(node["feature_idx"]), float(node["num_threshold"]), lower)
            nodes += [(kernels.LEAF, 0.0, 0)] * 2
            waiting += [(int(node["left"]), lower), (int(node["right"]), lower + 1)]
    packed = np.zeros(len(nodes), kernels.NODE)
    for place, name in enumerate(("feature", "cut", "child")):
        packed[name] = [node[place] for node in nodes]
    return np.array(roots), packed, float(np.ravel(trees._baseline_prediction)[0])


def _tried(history: History, prior: Prior) -> Tried:
    gap = np.append(np.diff(history.t), np.inf)
    late = history.learnt & np.isfinite(gap) & (history.t >= history.t[0] + JUDGED_AFTER_DAYS * 86400.0)
    rows = np.flatnonzero(gap >= kernels.EARLIEST)
    return Tried(history, rows, waits(history, prior, rows), gap[rows], late[rows], float(gap[late].sum()) / 86400.0)


def _common_price(tried: Sequence[Tried], rate: float) -> float:
    """At which all homes together got that rate."""
    allowed = rate * sum(one.days for one in tried) / 30.0
    return _least(lambda price: sum(one.alerts(price) for one in tried), allowed, 10.0, 1e9)


def _asked_for(tried: Sequence[Tried], noisy: Sequence[Floats], common: Prior, rate: float) -> float:
    """What has to be asked for, for homes to get that rate when each is corrected by how `noisy` it was by then."""
    allowed = rate * sum(one.days for one in tried) / 30.0

    def alerts(fewer: float) -> int:
        return sum(one.alerts(common.price_of(rate / fewer / times)) for one, times in zip(tried, noisy, strict=True))

    return rate / _least(alerts, allowed, 1 / 8, 8.0)


def _least(alerts: Callable[[float], int], allowed: float, low: float, high: float) -> float:
    """About the least number at which there are no more `alerts` than are allowed; the higher it is, the fewer."""
    bottom, top = np.log(low), np.log(high)
    for _ in range(18):
        middle = (bottom + top) / 2
        bottom, top = (middle, top) if alerts(float(np.exp(middle))) > allowed else (bottom, middle)
    return float(np.exp(top))


FALL_THRESHOLD = 0.6
"""One for every model, place and person. The scorecard says how much other thresholds would change."""

WOODS, NETS = 4, 8
WOOD_BINS, HIDDEN, BATCH, PASSES = 64, 32, 256, 12
"""More passes learn by heart who is learned from."""

NETS_EACH = NETS // WOODS
NETS_COUNT = 0.4
"""Trees are sharp and nets are smooth, and they err about different things: together they err least."""

DRAWN = 4.0
"""Each wood and each net draws anew what else than falls it learns from: by its weight, at most each once, where what
weighs as much as this many of the mean is always drawn.
"""

RARE = 0.005
"""So much of an input on either side is held to be as what is next to it."""


@dataclass(frozen=True, slots=True)
class Told:
    """Candidates (n, k), whether each was a fall, what it counts for."""

    asked: NDArray[np.float32]
    fell: NDArray[np.bool_]
    weight: Floats

    def of(self, rows: Bools) -> Told:
        return Told(self.asked[rows], self.fell[rows], self.weight[rows])

    def drawn(self, seed: int) -> Told:
        """All falls, and of the others as many as their weight is worth, which then count for the rest."""
        chance = np.where(self.fell, 1.0, np.minimum(self.weight / self.weight.mean() / DRAWN, 1.0))
        kept = np.random.default_rng([seed, 7]).random(len(chance)) < chance
        weight = self.weight[kept] / chance[kept]
        return Told(self.asked[kept], self.fell[kept], weight / weight.mean())


def learn_falls(
    asked: Floats,
    fell: NDArray[np.bool_],
    weight: Floats,
    group: Ints,
    provenance: dict[str, str | int | float],
    rounds: int = 150,
) -> FallModel:
    """From candidates (n, len(falls.NAMES)): whether each was a fall, what it counts for, and in which `group` of
    people, 0 to WOODS - 1.
    """
    told = Told(asked.astype(np.float32), fell, weight)
    kept = [_without(told, group == one) for one in range(WOODS)]
    cuts = [_cuts_of(column, weight, WOOD_BINS) for column in told.asked.T]
    woods = [_wood(told.of(rows).drawn(seed), cuts, rounds, seed) for seed, rows in enumerate(kept)]
    scale = _Scale.of(told.asked)
    even = replace(told, asked=scale.even(told.asked))
    nets = [_net(even.of(kept[seed // NETS_EACH]).drawn(WOODS + seed), seed) for seed in range(NETS)]
    roots, nodes, begin = _side_by_side([flattened_at(wood, cuts) for wood in woods])
    net, end = _as_one(nets, scale)
    leaf = nodes["feature"] == kernels.LEAF
    return FallModel(
        roots=roots,
        feature=np.where(leaf, -1, nodes["feature"].astype(np.int64)),
        cut=np.where(leaf, (1 - NETS_COUNT) / WOODS, 1.0) * nodes["cut"],
        child=nodes["child"].astype(np.int64),
        net=net,
        start=(1 - NETS_COUNT) * begin + NETS_COUNT * end,
        threshold=FALL_THRESHOLD,
        provenance=provenance,
    )


def _without(told: Told, left_out: Bools) -> Bools:
    """The rows to learn from: all, where without those there are no falls, or nothing else."""
    fell = told.fell[~left_out]
    return ~left_out if fell.any() and not fell.all() else np.ones_like(left_out)


def _wood(told: Told, cuts: Sequence[Floats], rounds: int, seed: int) -> HistGradientBoostingClassifier:
    trees = _trees(rounds, rate=0.1, leaves=12, least=40, seed=seed)
    return trees.fit(_coded(told.asked, cuts), told.fell, sample_weight=told.weight)


def _side_by_side(woods: Sequence[Trees]) -> Trees:
    """What they start from is the mean."""
    roots, nodes, starts = zip(*woods, strict=True)
    sizes = [len(part) for part in nodes]
    before = np.cumsum([0, *sizes[:-1]])
    whole = np.concatenate(nodes)
    whole["child"] += np.repeat(before, sizes).astype(np.uint16)
    return np.concatenate([part + at for part, at in zip(roots, before, strict=True)]), whole, float(np.mean(starts))


@dataclass(frozen=True, slots=True)
class _Scale:
    """Of each input between what it is held, its mean then and its spread."""

    low: Floats
    high: Floats
    mean: Floats
    spread: Floats

    @classmethod
    def of(cls, asked: NDArray[np.float32]) -> _Scale:
        low, high = np.quantile(asked, (RARE, 1 - RARE), axis=0)
        held = np.clip(asked, low, high).astype(np.float32)
        return cls(low, high, held.mean(0), held.std(0) + 1e-6)

    def even(self, asked: NDArray[np.float32]) -> NDArray[np.float32]:
        held = np.clip(asked, self.low, self.high).astype(np.float32)
        return ((held - self.mean) / self.spread).astype(np.float32)


def _as_one(nets: Sequence[MLPClassifier], scale: _Scale) -> tuple[Net, float]:
    """The mean of the nets as one net, and what it adds to all."""
    hidden = np.hstack([net.coefs_[0] for net in nets]) / scale.spread[:, None]
    bias = np.concatenate([net.intercepts_[0] for net in nets]) - scale.mean @ hidden
    worth = np.concatenate([net.coefs_[1][:, 0] for net in nets]) * NETS_COUNT / NETS
    arrays = (each.astype(np.float64) for each in (scale.low, scale.high, hidden, bias, worth))
    return Net(*arrays), float(np.mean([net.intercepts_[1][0] for net in nets]))


def _net(told: Told, seed: int) -> MLPClassifier:
    net = MLPClassifier(
        (HIDDEN,),
        alpha=1e-3,
        batch_size=min(BATCH, len(told.fell)),
        learning_rate_init=2e-3,
        max_iter=PASSES,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return net.fit(told.asked, told.fell, sample_weight=told.weight)
