"""How long a month of many homes takes out of a hub and into another one, as Parquet.

`python tests/benchmarks/exchange.py [--homes 10000]` prints observations a second both ways, and bytes each.
"""

import argparse
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

if __name__ == "__main__" and __package__ is None:
    sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.exchange import Asked, Importer, export
from hub.settings import Settings
from hub.store import Store, open_store
from models.home import Home
from models.observation import SensorKind
from models.privacy import Consent
from models.register import Register
from tests.benchmarks.store import BEGIN, MONTH, filled

END = BEGIN + timedelta(days=MONTH)


def hub(folder: Path, homes: int) -> Store:
    """With those homes on record, and agreed to."""
    store = open_store(Settings(data_dir=str(folder)))
    ids = [f"home-{n:06d}" for n in range(homes)]
    kinds = (SensorKind.MOTION, SensorKind.DOOR)
    consents = tuple(Consent(home, kind, "the resident", "agreed", BEGIN) for home in ids for kind in kinds)
    store.records.load(Register(homes=tuple(Home(home, "north", ()) for home in ids), consents=consents), {})
    return store


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--homes", type=int, default=200)
    homes: int = asked.parse_args().homes
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "one").mkdir()
        filled(folder / "one" / "series.db", homes * MONTH * 400)
        one, other = hub(folder / "one", homes), hub(folder / "other", homes)
        began = time.perf_counter()
        rows = export(one, folder / "out", Asked("parquet", (), BEGIN, END), "benchmark", datetime.now(UTC), _said)
        out = time.perf_counter() - began
        importer = Importer(other, folder / "import.json", END, _said)
        began = time.perf_counter()
        importer.bring([folder / "out"], 0, "benchmark")
        brought = time.perf_counter() - began
        size = sum(path.stat().st_size for path in (folder / "out").glob("*.parquet"))
        assert importer.new == rows
        print(f"{rows:,} observations of {homes:,} homes, {size / rows:.1f} bytes each as Parquet")
        print(f"export  {rows / out:>12,.0f} observations/s  {out:8.1f} s")
        print(f"import  {rows / brought:>12,.0f} observations/s  {brought:8.1f} s")
    return 0


def _said(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
