"""What a kit pays for telling falls: `python tests/benchmarks/agent_falls.py`. Memory and time of the agent with it."""

import subprocess
import sys

MEASURED = """
import time
began = time.perf_counter()
from edge.agent import Agent
from edge.app import _judging
from edge.settings import SensorSettings, Settings
from models.observation import SensorKind

def megabytes():
    status = open("/proc/self/status").read()
    return int(status.split("VmRSS:")[1].split()[0]) / 1024

print("the agent alone: %.2f s to import, %.1f MB" % (time.perf_counter() - began, megabytes()))
began, before = time.perf_counter(), megabytes()
sensor = SensorSettings("pendant", SensorKind.PENDANT, "esphome:pendant")
judging = _judging(Settings("h", "hub", local_host="here", sensors=(sensor,)))
detector = judging.detector()
print("numpy, model and detector: %.2f s" % (time.perf_counter() - began))
from simulators.acceleration import ON_THE_FLOOR, RATE, Lived
acc = Lived().walks(600).falls().rests(60, ON_THE_FLOOR).acc
before += acc.nbytes / 2**20
began = time.perf_counter()
for begin in range(0, len(acc), 25):
    t = [place / RATE for place in range(begin, min(begin + 25, len(acc)))]
    detector.feed(t, [tuple(row) for row in acc[begin:begin + 25].tolist()])
took = time.perf_counter() - began
print("eleven minutes of it: %.1f MB more than the agent alone, %.2f %% of a core" % (
    megabytes() - before, 100 * took / (len(acc) / RATE)))
"""


def main() -> None:
    done = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, check=True)
    print(done.stdout, end="")


if __name__ == "__main__":
    main()
