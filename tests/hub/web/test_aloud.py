"""What a telephone says to whoever asked to be rung: what their page says, and no more; by a link that ends."""

import io
import wave
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from hub.keyring import Keyring
from hub.links import Links, Matter
from hub.store.relatives import Relatives, Sent
from hub.voice import spoken
from models.notices import NoticeKind, Preferences
from models.people import Level
from models.register import Register
from tests.conftest import wanted
from tests.hub.web.conftest import Visitor
from tests.hub.web.world import World

Visit = Callable[..., Visitor]


def heard_at(world: World, person: str) -> str:
    relatives, links = Relatives(world.store.records.engine), Links(Keyring(world.settings.secrets))
    relatives.intend([(f"digest {person}", "h_okafor", person, NoticeKind.DIGEST)], world.now)
    (notice,) = relatives.in_state(Sent.INTENDED)
    relatives.begin(notice.id, "sip")
    return f"/by-link/aloud/{links.made(Matter.NOTICE, notice.id, world.now + timedelta(hours=1))}.wav"


def test_it_says_what_their_page_says_and_the_look_is_theirs(
    world: World, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[tuple[str, str]] = []
    wanted("espeak-ng")

    def listening(text: str, language: str) -> bytes:
        said.append((text, language))
        return spoken(text, language)

    monkeypatch.setattr("hub.web.aloud.spoken", listening)
    Relatives(world.store.records.engine).prefer("c_chi", Preferences(language="cy", way="sip"))
    anybody, path = visit(None), heard_at(world, "c_chi")
    answer = anybody.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/wav")
    with wave.open(io.BytesIO(answer.content)) as sound:
        assert (sound.getframerate(), sound.getsampwidth(), sound.getnchannels()) == (8000, 2, 1), (
            "as exchanges play it"
        )
        assert 5 < sound.getnframes() / 8000 < 60
    ((text, language),) = said
    assert language == "cy"
    assert "y prynhawn yma" in text
    assert not [one for one in ("07:40", "11:38", "gegin") if one in text], "no more than Chi may see"
    assert [(one.viewer, one.role) for one in world.store.records.looks("h_okafor")] == [("chi", "contact")]
    (notice,) = Relatives(world.store.records.engine).of_person("c_chi")
    assert notice.state is Sent.SENT, "that it was fetched says that somebody picked it up"
    assert anybody.get(path.replace("/n", "/a")).status_code == 404
    chi = world.store.records.contact("c_chi")
    assert chi
    world.store.records.load(Register(contacts=(replace(chi, level=Level.NOTHING),)), {})
    anybody.get(path)
    assert "Nid yw Mrs Okafor yn rhannu" in said[-1][0]
    world.move(timedelta(hours=2))
    assert anybody.get(path).status_code == 404, "its hour is over"
