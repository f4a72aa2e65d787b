"""What the long commands show while they work, and how they end."""

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

DONE, FOUND_WRONG, USED_WRONG = 0, 1, 2


def progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True))


def step(shown: Progress, name: str, total: int) -> None:
    """One further of `total` in the step called `name`, which begins with the first."""
    task = next((each for each in shown.tasks if each.description == name), None)
    shown.advance(task.id if task else shown.add_task(name, total=total))
