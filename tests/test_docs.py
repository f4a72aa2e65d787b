"""What the documentation tells people to type is read by the programs that they type it for."""

import re
from pathlib import Path

from edge.settings import load
from hub.settings import read_settings
from models.register import read_register

RUNNING = (Path(__file__).parent.parent / "docs" / "RUNNING.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", RUNNING, re.DOTALL)


def test_the_settings_and_the_register_in_the_guide_are_read(tmp_path: Path) -> None:
    hub, kit = blocks("toml")
    (tmp_path / "hub.toml").write_text(hub)
    (tmp_path / "kit.toml").write_text(kit)
    assert read_settings(str(tmp_path / "hub.toml")).data_dir == "hub-data"
    register = read_register(blocks("json")[0].encode())
    assert load(tmp_path / "kit.toml").home == register.homes[0].id
