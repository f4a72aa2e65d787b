"""A PostgreSQL for a benchmark: started for it alone, and gone with it."""

import os
import pwd
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from simulators.programs import Failed, Stage


def postgres(stage: Stage, databases: Sequence[str]) -> list[str]:
    """A server of one's own, as it comes but for room for connections, on a socket; where each of `databases` is."""
    binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not binaries:
        raise Failed("no PostgreSQL server program is installed: apt-get install postgresql")
    stage.folder.chmod(0o755)
    folder = stage.folder / "pg"
    folder.mkdir()
    user = None
    if os.geteuid() == 0:
        user = "postgres" if "postgres" in {one.pw_name for one in pwd.getpwall()} else "nobody"
        shutil.chown(folder, user)
    words: list[str | Path] = [binaries[-1] / "initdb", "-D", folder / "data", "-U", "hub", "-A", "trust", "-E", "UTF8"]
    subprocess.run(words, user=user, cwd="/", check=True, stdout=subprocess.DEVNULL)
    as_user = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups"] if user else []
    options: list[str | Path] = [
        "-D",
        folder / "data",
        "-k",
        folder,
        "-c",
        "listen_addresses=",
        "-c",
        "max_connections=200",
    ]
    server = stage.start("postgres", *as_user, binaries[-1] / "postgres", *options)
    server.wait_for("ready to accept connections", 30)
    for name in databases:
        subprocess.run([binaries[-1] / "createdb", "-h", folder, "-U", "hub", name], check=True)
    return [f"postgresql+psycopg://hub@/{name}?host={folder}" for name in databases]
