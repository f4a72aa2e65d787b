"""What the family's page says, for whoever would rather have it on paper, or hear it."""

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import Response

from hub.voice import Speechless, spoken
from hub.web.paper import Paper
from hub.web.shown import News
from hub.web.sound import played
from hub.web.visitor import TheGate, Who

routes = APIRouter(prefix="/family")


@routes.get("/letter.pdf")
def on_paper(gate: TheGate, who: Who, large: str = "") -> Response:
    news = gate.family.news(who)
    named = {"content-disposition": 'attachment; filename="nightlight.pdf"'}
    made = on_a_page(news, large=bool(large) or news.large_print)
    return Response(made, media_type="application/pdf", headers=named)


def on_a_page(news: News, *, large: bool, envelope: tuple[str, ...] = ()) -> bytes:
    paper = Paper(news.called, news.now, large=large, language=news.language, envelope=envelope)
    for line in (news.day, *news.lines):
        paper.say(line)
    return paper.done()


@routes.get("/aloud.wav")
def aloud(request: Request, gate: TheGate, who: Who) -> Response:
    news = gate.family.news(who)
    try:
        made = spoken("\n\n".join((f"{news.day}.", *news.lines)), news.language)
    except Speechless as why:
        raise HTTPException(503, str(why)) from why
    return played(request, made)
