import subprocess
import sys
from pathlib import Path

import pytest

from hub.key_safes import Unreadable, Vault
from hub.keyring import Keyring
from hub.settings import Settings
from hub.store import open_store
from hub.store.key_safes import KeySafes
from models.register import Register


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(Keyring(tmp_path / "secrets"))


def test_a_code_is_read_for_its_own_home_alone(vault: Vault, tmp_path: Path) -> None:
    sealed = vault.sealed("okafor-home", "4711C")
    assert b"4711C" not in sealed
    assert vault.opened("okafor-home", sealed) == "4711C"
    with pytest.raises(Unreadable, match="another home"):
        vault.opened("next-door", sealed)
    with pytest.raises(Unreadable):
        vault.opened("okafor-home", sealed[:-2])
    with pytest.raises(Unreadable):
        Vault(Keyring(tmp_path / "stolen-database-alone")).opened("okafor-home", sealed)


def test_a_new_key_reads_what_was_sealed_before_and_the_old_ones_go(vault: Vault) -> None:
    sealed = vault.sealed("okafor-home", "4711C")
    vault.new_key()
    again = vault.resealed(sealed)
    assert vault.opened("okafor-home", sealed) == vault.opened("okafor-home", again) == "4711C"
    vault.drop_old_keys()
    assert vault.opened("okafor-home", again) == "4711C"
    with pytest.raises(Unreadable):
        vault.opened("okafor-home", sealed)


def test_of_two_who_make_a_secret_at_once_one_is_kept(tmp_path: Path) -> None:
    ring = Keyring(tmp_path / "secrets")

    def overtaken() -> bytes:
        ring.kept("x", lambda: b"first")
        return b"second"

    assert ring.kept("x", overtaken) == b"first"
    assert [one.name for one in (tmp_path / "secrets").iterdir()] == ["x"]


def test_the_command_takes_a_code_and_changes_the_key(tmp_path: Path, register: Register) -> None:
    settings = tmp_path / "hub.toml"
    settings.write_text(f'data_dir = "{tmp_path / "data"}"\n')
    chosen = Settings(data_dir=str(tmp_path / "data"))
    store = open_store(chosen)
    store.records.load(register, {one.login: "-" for one in register.accounts})

    def hub(*words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "hub.app", "key-safe", *words, "--settings", str(settings), "--by", "ann"]
        return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)

    entered = hub("enter", "okafor-home", typed="4711C\n")
    assert (entered.returncode, "4711C" in entered.stdout + entered.stderr) == (0, False)
    assert hub("enter", "no-home", typed="1\n").returncode == 2
    before = KeySafes(store.records.engine).sealed("okafor-home")
    assert hub("rotate").returncode == 0
    after = KeySafes(store.records.engine).sealed("okafor-home")
    assert before is not None
    assert after is not None
    vault = Vault(Keyring(chosen.secrets))
    assert vault.opened("okafor-home", after) == "4711C"
    with pytest.raises(Unreadable):
        vault.opened("okafor-home", before)
    assert store.records.broken_logs() == []
