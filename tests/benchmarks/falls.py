"""What the fall detector costs in one core, fed as a kit is: `python tests/benchmarks/falls.py`."""

from __future__ import annotations

import subprocess
import sys
import time
import tracemalloc
from importlib.resources import files

import numpy as np

from models.detection import falls
from models.detection.batch import Floats
from models.detection.falls import FallDetector, fall_model_from

FS = 100.0
CHUNK = 25
IMPORTED = "import time; began = time.perf_counter(); import models.detection.falls; print(time.perf_counter() - began)"


def walk(seconds: float, bumps: bool) -> tuple[Floats, Floats]:
    t = np.arange(round(seconds * FS)) / FS
    luck = np.random.default_rng(1)
    acc = luck.normal(0, 0.05, (len(t), 3))
    acc[:, 1] -= 1 + 0.3 * np.sin(2 * np.pi * 1.8 * t)
    if bumps:
        acc[:: round(4 * FS), 1] -= 2.0
    return t, acc


def fed(detector: FallDetector, t: Floats, acc: Floats) -> float:
    began = time.perf_counter()
    for begin in range(0, len(t), CHUNK):
        detector.feed(t[begin : begin + CHUNK], acc[begin : begin + CHUNK])
    return time.perf_counter() - began


def main() -> None:
    tracemalloc.start()
    model = fall_model_from(files("models").joinpath("data", "falls.npz").read_bytes())
    detector = FallDetector(model)
    t, acc = walk(600, bumps=False)
    fed(detector, t[:3000], acc[:3000])
    memory = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    first = min(fed(FallDetector(model), t, acc) for _ in range(3))
    print(f"first stage, chunks of {CHUNK}: {first / len(t) * 1e6:.1f} µs a sample")
    t, acc = walk(600, bumps=True)
    judged = len(falls.candidates(bins := falls.Grid().feed(t, acc), 0, 0, len(bins) - falls.JUDGED))
    second = min(fed(FallDetector(model), t, acc) for _ in range(3)) - first
    print(f"second stage: {second / judged * 1e3:.2f} ms a candidate ({judged} of them)")
    print(f"memory of model and detector: {memory / 1e6:.1f} MB at most")
    whole, numpy = (
        _imported(code) for code in (IMPORTED, IMPORTED.replace("import models.detection.falls", "import numpy"))
    )
    print(f"import: {whole * 1e3:.0f} ms, of which numpy {numpy * 1e3:.0f} ms")


def _imported(code: str) -> float:
    runs = (subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(3))
    return min(float(run.stdout) for run in runs)


if __name__ == "__main__":
    main()
