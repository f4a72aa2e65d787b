"""How long `nightlight-hub verify-log` takes over a long log.

`python tests/benchmarks/verify_log.py [--rows 1000000]` writes a log of looks of that many rows, as consoles leave in
months, has the command prove it, and prints rows a second, its memory, and that one changed row is found.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import insert

from hub.settings import Settings
from hub.store import open_store
from hub.store.chain import START, linked
from hub.store.database import writing
from hub.store.schema import looks

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
AT_ONCE = 50_000
NAMES = [column.name for column in looks.columns if column.name not in ("id", "link")]


def look(number: int) -> dict[str, object]:
    return {
        "at": BEGIN + timedelta(seconds=number),
        "viewer": f"operator{number % 50}",
        "role": "operator",
        "home": f"home-{number % 10_000:05d}",
        "data": "alerts, hearing, person",
        "purpose": "queue",
        "reason": f"alert {number // 7}",
    }


def written(folder: Path, rows: int) -> None:
    engine, link = open_store(Settings(data_dir=str(folder))).records.engine, START
    for first in range(0, rows, AT_ONCE):
        some = [look(number) for number in range(first, min(first + AT_ONCE, rows))]
        for one in some:
            link = one["link"] = linked(link, [one[name] for name in NAMES])
        with writing(engine) as connection:
            connection.execute(insert(looks), some)
    engine.dispose()


def proved(folder: Path) -> tuple[float, str]:
    """Seconds, and what the command said of the log."""
    settings = folder / "hub.toml"
    settings.write_text(f'data_dir = "{folder}"\n')
    words = ["nightlight-hub", "verify-log", "--settings", str(settings)]
    command = [str(Path(sys.executable).with_name(words[0])), *words[1:]]
    began = time.perf_counter()
    said = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    return time.perf_counter() - began, next(line for line in said.splitlines() if " looks: " in line)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        written(folder, rows)
        took, said = proved(folder)
        memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        print(f"{rows:,} rows proved in {took:.1f} s: {rows / took:,.0f} rows/s, {memory:.0f} MB at most")
        print(f"  {said[:60]}")
        with writing(open_store(Settings(data_dir=str(folder))).records.engine) as connection:
            connection.execute(looks.update().where(looks.c.id == rows // 2).values(viewer="somebody else"))
        print(f"  after one row was changed: {proved(folder)[1]}")


if __name__ == "__main__":
    main()
