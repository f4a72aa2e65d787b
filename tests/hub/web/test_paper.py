"""A certificate on paper names people as they are called."""

import subprocess
from pathlib import Path

from hub.web.paper import Paper
from tests.conftest import NOON, wanted

NAMES = ("Zoë Wójcik", "Ştefan Țepeș", "Siân Ŵyn", "Ελένη Πάπας", "Živko Đorđević", "Олена Шевченко")


def test_names_in_latin_greek_and_cyrillic_letters_are_printed_and_others_are_owned_up_to(tmp_path: Path) -> None:
    paper = Paper(f"Certificate 1: {NAMES[0]}", NOON)
    for name in NAMES:
        paper.heading(name)
        paper.say(f"Fitted by {name}, “as agreed” – 阿")
    paper.table(("Who", "Where"), [(name, "Łódź") for name in NAMES], (1, 1))
    (file := tmp_path / "paper.pdf").write_bytes(paper.done())
    said = subprocess.run([wanted("pdftotext"), str(file), "-"], check=True, capture_output=True, text=True).stdout
    assert all(said.count(name) >= 3 for name in NAMES)
    assert "“as agreed” – ?" in said
    assert file.stat().st_size < 100_000, "with the letters that are used, not all"
