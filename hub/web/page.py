"""Templates to responses: what every page has, and what no page may do without."""

import hashlib
from functools import cache
from pathlib import Path

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from hub.web import words
from models.afterwards import SUGGESTED, Service, Went
from models.alert import Act, Outcome, State
from models.day import Doing
from models.reason import REASONS
from models.response import BY_OPERATOR

HERE = Path(__file__).parent
STATIC = HERE / "static"


@cache
def static(name: str) -> str:
    """The address of a file, which changes with its content, so that browsers may keep it."""
    return f"/static/{name}?v={hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:10]}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(BY_OPERATOR=BY_OPERATOR, REASONS=REASONS, SUGGESTED=SUGGESTED, Went=Went, Service=Service)
    made.globals.update(static=static, words=words, Act=Act, Outcome=Outcome, State=State, Doing=Doing)
    return made


_templates = _environment()


def page(request: Request, template: str, *, status: int = 200, **given: object) -> HTMLResponse:
    """`viewer` is None where nobody is logged in."""
    shown = {"viewer": None, "path": request.url.path, **given}
    return HTMLResponse(_templates.get_template(template).render(shown), status)


def macro(template: str, name: str, *given: object, **named: object) -> Markup:
    """A piece of a page by itself, as a template's macro makes it."""
    made: Markup = getattr(_pieces(template), name)(*given, **named)
    return made


@cache
def _pieces(template: str) -> object:
    return _templates.get_template(template).module
