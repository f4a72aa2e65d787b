"""What the family page weighs and how soon it is there on a slow telephone: Chromium with its processor slowed four
times and a network of 1.6 Mbit/s with 150 ms of delay, nothing kept from before.

`python tests/benchmarks/family_page.py [--loads N]`. Ends with 1 where it is over 150 kB or a second.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from playwright.sync_api import Browser, sync_playwright

from hub.web.visitor import SESSION
from models.register import Register
from tests.conftest import NOON, cast, wanted
from tests.hub.web.conftest import QUIETLY
from tests.hub.web.world import World, served, with_low_levels

SLOWER, DELAY_MS, BYTES_A_SECOND = 4, 150, 1_600_000 // 8
HEAVIEST, LATEST = 150_000, 1000.0
PATHS = ("/family", "/family/week", "/family/told")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loads", type=int, default=5)
    chosen = parser.parse_args()
    over = False
    with world() as (made, url), sync_playwright() as play:
        browser = play.chromium.launch(executable_path=wanted("chromium-headless-shell"), args=list(QUIETLY))
        for path in PATHS:
            token = made.session("ada")
            loads = [load(browser, url, path, token) for _ in range(chosen.loads)]
            weight, painted = max(one[0] for one in loads), statistics.median(one[1] for one in loads)
            over |= weight > HEAVIEST or painted > LATEST
            print(f"{path}: {weight / 1000:.0f} kB, seen after {painted:.0f} ms (median of {chosen.loads})")
        browser.close()
    return int(over)


@contextmanager
def world() -> Iterator[tuple[World, str]]:
    everybody: Register = cast.__wrapped__()  # type: ignore[attr-defined]
    with tempfile.TemporaryDirectory() as folder:
        made = World(Path(folder), with_low_levels(everybody), NOON)
        made.two_days()
        with served(made.settings) as url:
            yield made, url


def load(browser: Browser, url: str, path: str, token: str) -> tuple[int, float]:
    """Bytes over the network, and ms until the largest thing on the screen was painted."""
    context = browser.new_context(viewport={"width": 360, "height": 740})
    context.add_cookies([{"name": SESSION, "value": token, "url": url, "sameSite": "Strict"}])
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    slow = {"offline": False, "latency": DELAY_MS, "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": 96_000}
    devtools.send("Network.enable")
    devtools.send("Network.emulateNetworkConditions", slow)
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    received: list[float] = []
    devtools.on("Network.loadingFinished", lambda told: received.append(told["encodedDataLength"]))
    page.goto(url + path, wait_until="load")
    painted: float = page.evaluate(
        """() => new Promise((done) => new PerformanceObserver((seen) =>
        done(seen.getEntries().at(-1).startTime)).observe({ type: 'largest-contentful-paint', buffered: true }))"""
    )
    context.close()
    return int(sum(received)), painted


if __name__ == "__main__":
    raise SystemExit(main())
