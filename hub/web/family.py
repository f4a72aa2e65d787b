"""The family's pages: how things are, in one sentence, at the level the resident chose for this reader."""

from fastapi import APIRouter, Request
from fastapi.responses import FileResponse, JSONResponse, Response

from hub.web.page import STATIC, page, spoken_to, static
from hub.web.visitor import TheGate, Who
from models.telling import Saying

routes = APIRouter(prefix="/family")


@routes.get("")
def family(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "family.html", viewer=who, told=gate.family.reassurance(who), wanted=gate.wanted.of(who))


@routes.get("/now")
def now(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "reassurance.html", viewer=who, told=gate.family.reassurance(who), wanted=gate.wanted.of(who))


@routes.get("/week")
def week(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "week.html", viewer=who, week=gate.family.week(who))


@routes.get("/ask")
def questions(request: Request, gate: TheGate, who: Who) -> Response:
    return page(request, "ask.html", viewer=who, answers=gate.family.questions(who))


# The pages as an app on somebody's telephone: nothing here is about anybody.


@routes.get("/app.webmanifest")
def manifest(request: Request) -> Response:
    icons = [
        {"src": static(f"icon-{size}.png"), "sizes": f"{size}x{size}", "type": "image/png", "purpose": "any maskable"}
        for size in (192, 512)
    ]
    told = {
        "name": "Nightlight",
        "short_name": "Nightlight",
        "description": Saying(spoken_to(request))("page.app"),
        "id": "/family",
        "start_url": "/family",
        "scope": "/family",
        "display": "standalone",
        "background_color": "#0e1422",
        "theme_color": "#0e1422",
        "icons": icons,
    }
    return JSONResponse(told, media_type="application/manifest+json")


@routes.get("/worker.js")
def worker() -> Response:
    """A worker may only look after pages below it, unless it is said otherwise."""
    allowed = {"service-worker-allowed": "/family"}
    return FileResponse(STATIC / "worker.js", media_type="text/javascript", headers=allowed)


@routes.get("/offline")
def offline(request: Request) -> Response:
    return page(request, "offline.html")
