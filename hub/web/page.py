"""Templates to responses: what every page has, and what no page may do without."""

import base64
import hashlib
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hub.web import words
from hub.web.access import Viewer
from models.afterwards import SUGGESTED, Service, Went
from models.alert import Act, Outcome, State
from models.day import Doing
from models.languages import LANGUAGES
from models.notices import told_in_words
from models.people import OF_ONE_HOME
from models.reason import REASONS
from models.response import BY_OPERATOR
from models.retold import retold
from models.telling import Saying

HERE = Path(__file__).parent
STATIC = HERE / "static"
LANGUAGE = "nightlight_language"
"""A cookie: in which language whoever used this browser last is told things, for pages before they log in."""
REMEMBERED = 365 * 24 * 3600


@cache
def static(name: str) -> str:
    """The address of a file, which changes with its content, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


@cache
def stylesheet() -> Markup:
    """For pages that are read on a slow telephone, and so hold their style themselves."""
    return Markup((STATIC / "nightlight.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file


@cache
def mark_of_stylesheet() -> str:
    """As the policy about content names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(stylesheet().encode()).digest()).decode()}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(BY_OPERATOR=BY_OPERATOR, REASONS=REASONS, SUGGESTED=SUGGESTED, Went=Went, Service=Service)
    made.globals.update(
        static=static,
        words=words,
        Act=Act,
        Outcome=Outcome,
        State=State,
        Doing=Doing,
        told_in_words=told_in_words,
        retold=retold,
        t=Saying(),
        stylesheet=stylesheet(),
    )
    return made


_templates = _environment()


def page(request: Request, template: str, *, status: int = 200, **given: object) -> HTMLResponse:
    """`viewer` is None where nobody is logged in. In their language, unless `t` is given, which says it in another."""
    viewer = given.get("viewer")
    told = viewer if isinstance(viewer, Viewer) else None
    language = spoken_to(request, told)
    shown = {"viewer": None, "path": request.url.path, "t": Saying(language), **given}
    made = HTMLResponse(_templates.get_template(template).render(shown), status)
    if told and told.role in OF_ONE_HOME and request.cookies.get(LANGUAGE) != language:
        secure = request.app.state.settings.secure_cookies
        made.set_cookie(LANGUAGE, language, max_age=REMEMBERED, httponly=True, samesite="strict", secure=secure)
    return made


def spoken_to(request: Request, viewer: Viewer | None = None) -> str:
    """Somebody who is not logged in is spoken to as they were last, else as their browser asks."""
    if viewer:
        return viewer.telling.language if viewer.telling.language in LANGUAGES else LANGUAGES[0]
    asked = [request.cookies.get(LANGUAGE, ""), request.headers.get("accept-language", "")[:2].lower()]
    return next((one for one in asked if one in LANGUAGES), LANGUAGES[0])


def macro(template: str, name: str, *given: object, **named: object) -> Markup:
    """A piece of a page by itself, as a template's macro makes it."""
    made: Markup = getattr(_pieces(template), name)(*given, **named)
    return made


@cache
def _pieces(template: str) -> object:
    return _templates.get_template(template).module
