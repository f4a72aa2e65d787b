"""Every page of a relative is in the language that they asked for, and says nothing in another."""

import asyncio
import html
import re
from dataclasses import replace
from datetime import timedelta

import pytest
from fastapi import FastAPI

from hub.keyring import Keyring
from hub.links import Links, Matter
from hub.store.afterwards import Afterwards
from hub.store.relatives import Relatives, Sent
from hub.web.app import build
from hub.web.page import LANGUAGE
from models.alert import Act, Outcome
from models.detection import Finding, FindingKind
from models.languages import TEXTS
from models.notices import NoticeKind, Preferences
from models.people import Telling
from models.register import Register
from tests.hub.web.inside import Inside, answered
from tests.hub.web.world import World

WORDS = "the and of you your is are was with what this that not who here please password log out from in has"
ENGLISH = re.compile(rf"\b({'|'.join(WORDS.split())})\b", re.IGNORECASE)
NAMED = ("Ada Okafor", "Dele Ade", "Chi Ade", "Ben Ade", "daughter", "neighbour", "Mrs Okafor", "Nightlight", "English")
"""As they stand on record, or by its own name."""
PATHS = (
    "/family", "/family/now", "/family/week", "/family/ask", "/family/told", "/family/told?kept=1", "/family/sharing",
    "/family/sharing?kept=1", "/family/offline", "/why", "/why/1", "/account", "/account?done=1", "/account/second",
    "/nothing",
)  # fmt: skip


@pytest.fixture
def pages(world: World) -> FastAPI:
    """She has chosen Welsh; one alert is over, another open, and much is worth a word."""
    relatives, now = Relatives(world.store.records.engine), world.now
    relatives.prefer("c_ada", Preferences(language="cy", bed=True))
    over = world.press()
    world.store.alerts.act(over.id, Act.ANSWER, "tom", now)
    world.store.alerts.act(over.id, Act.CLOSE, "tom", now, outcome=Outcome.FALL)
    world.press()
    for kind in (FindingKind.LESS_MOVEMENT, FindingKind.FEWER_OUTINGS):
        world.store.alerts.raise_(Finding(kind, "h_okafor", now, now), "r_okafor", "Noticed.", now)
    for number, state in enumerate(Sent):
        relatives.intend([(f"x{number}", "h_okafor", "c_ada", NoticeKind.DIGEST)], now)
        (waits,) = relatives.in_state(Sent.INTENDED)[:1]
        relatives.finish(waits.id, state if state is not Sent.INTENDED else Sent.SENT, "email: no", now, ("email",))
    world.expect("h_okafor", known_since=now - timedelta(days=60), usual=bytes([200] * 48))
    return build(world.settings)


def heard(page: str) -> str:
    """What a reader sees or is read, but for what the page says is in English, and names."""
    body = page[max(page.find("<body"), 0) :] + " ".join(re.findall(r"<title>.*?</title>", page))
    body = re.sub(r'<(\w+)[^>]* lang="en"[^>]*>.*?</\1>', " ", body, flags=re.DOTALL)
    body = re.sub(r"<(script|style)\b.*?</\1>", " ", body, flags=re.DOTALL)
    said = re.findall(r'(?:aria-label|placeholder|title|data-[a-z-]+)="([^"]*[a-z] [^"]*)"', body)
    text = html.unescape(" ".join([re.sub(r"<[^>]+>", " ", body), *said]))
    for name in NAMED:
        text = text.replace(name, " ")
    return " ".join(text.split())


def key_texts(text: str) -> list[str]:
    """Pieces of the English texts that stand in it, of those that Welsh does not share."""
    welsh = " ".join(TEXTS["cy"].values())
    pieces = {piece.strip(" .,:;?") for one in TEXTS["en"].values() for piece in re.split(r"{\w+}", one)}
    return [one for one in pieces if len(one) > 5 and one not in welsh and re.search(rf"\b{re.escape(one)}\b", text)]


def in_english(path: str, page: str) -> list[tuple[str, str]]:
    text = heard(page)
    around = [text[max(at.start() - 30, 0) : at.end() + 30] for at in ENGLISH.finditer(text)]
    return [(path, one) for one in (*key_texts(text), *around)]


def test_no_page_for_a_welsh_reader_says_anything_in_english(pages: FastAPI, world: World) -> None:
    first = Inside(pages, world, "ada").get("/family")
    assert "nightlight_language=cy" in first.headers["set-cookie"], "for pages on which nobody is logged in"
    ada = Inside(pages, world, "ada", nightlight_language="cy")
    found: list[tuple[str, str]] = []
    for path in PATHS:
        answer = ada.get(path)
        assert '<html lang="cy">' in answer.text or path == "/family/now", path
        found += in_english(path, answer.text)
    for path, form in (
        ("/family/told", {"digest_hour": "30"}), ("/family/told", {"way": "sms"}), ("/family/break", {"days": "400"}),
        ("/family/sharing", {"text": ""}), ("/why/1", {"text": ""}), ("/account/password", {"old": "x"}),
    ):  # fmt: skip
        answer = ada.post(path, **form)
        assert answer.status >= 400
        found += in_english(path, answer.text)
    assert found == []
    page = html.unescape(ada.get("/family").text)
    assert not [path for path in ("/family", "/why/1") if 'lang="en"' in ada.get(path).text]
    assert "Galwyd am help gyda'r tlws crog am 12:00. Siaradwch" in " ".join(
        heard(ada.get("/why/1").text).split()
    ).replace("Beth fyddai'n ei glirio ", "")
    for said in ("Cafodd y ganolfan gyswllt rybudd am", "Fel arfer wedi codi erbyn", "Rwy ar fy ffordd",
                 "Llai o symud yn ystod y dydd", "cwymp go iawn", "Heddiw", "Wedi codi"):  # fmt: skip
        assert said in page


def test_a_residents_own_pages_are_in_welsh_but_for_what_says_that_it_is_not(pages: FastAPI, world: World) -> None:
    grace = world.store.records.resident("r_okafor")
    assert grace
    world.store.records.load(Register(residents=(replace(grace, telling=Telling("spoken", "cy")),)), {})
    own = Inside(pages, world, "grace", nightlight_language="cy")
    assert own.post("/choices/r_okafor/kind", kind="motion", deed="pause", hours="1").status == 303
    as_ada = [f"/choices/r_okafor/as/c_ada{part}" for part in ("", "/week", "/ask", "/sharing", "/why")]
    paths = ("/resident", "/choices/r_okafor", "/why", *as_ada)
    found = [one for path in paths for one in in_english(path, own.get(path).text)]
    assert found == []
    page = html.unescape(own.get("/resident").text)
    for said in ("Dydd da, Mrs Okafor", "Symudiad, cegin", "Pwy edrychodd", "Mae'r cartref i'w glywed; mae popeth"):
        assert said in page
    kept = re.findall(r'lang="en">([^<]*)<', page)
    assert set(kept) == {"Noticed.", "(as Ada Okafor sees it)"}, "what no pattern is of stays as it was written"
    refused = own.post("/choices/r_okafor/erase", kind="motion", sure="delight")
    assert "a theipiwch y gair dileu" in html.unescape(refused.text)


def test_pages_behind_a_link_and_before_the_login_are_in_their_language_too(pages: FastAPI, world: World) -> None:
    links, soon = Links(Keyring(world.settings.secrets)), world.now + timedelta(hours=1)
    tries = []
    for step in (1, 2):
        (alert,) = world.store.alerts.open_alerts()
        tries.append(world.store.alerts.intend(alert, step, "c_ada", "email", world.now))
    Afterwards(world.store.records.engine).ask(alert.id, "h_okafor", "c_ada", "email", world.now)
    replies = [f"/by-link/reply/{links.made(Matter.ATTEMPT, one, soon)}" for one in tries if one]
    feedback = f"/by-link/feedback/{links.made(Matter.FEEDBACK, 1, soon)}"
    anybody = Inside(pages, world, "tom")
    said = [anybody.get(replies[0]), anybody.post(replies[0], key="1"), anybody.get(replies[0])]
    said += [anybody.post(replies[1], key="4"), anybody.get(feedback), anybody.post(feedback, went="it went well")]
    nobody = [asyncio.run(answered(pages, "GET", path, f"{LANGUAGE}=cy", {})) for path in
              ("/login", "/login?left=1", "/invitation/x", "/family/offline", "/nothing")]  # fmt: skip
    assert [in_english(str(place), one.text) for place, one in enumerate([*said, *nobody])] == [[]] * 11
    assert "Rwy ar fy ffordd" in said[0].text
