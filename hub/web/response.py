"""Tries that an operator makes by hand, and the pages behind the links that people are sent: those need no login."""

import asyncio
from typing import Annotated
from urllib.parse import urlsplit

import msgspec
from fastapi import APIRouter, Form, Request
from fastapi.responses import RedirectResponse, Response

from hub.links import BY_LINK
from hub.transports.post import SIGNATURE
from hub.web.access import Hidden
from hub.web.access.responding import marked
from hub.web.console import refused_sheet
from hub.web.page import page
from hub.web.responding import Reply
from hub.web.visitor import TOLD_FOR, TOLD_HERE, TheGate, Who, keep
from models.alert import Refused
from models.response import BY_KEY
from models.telling import Saying

routes = APIRouter()

Text = Annotated[str, Form(max_length=10_000)]


@routes.post("/console/alert/{alert_id}/tried")
def tried(
    request: Request, gate: TheGate, who: Who, alert_id: int, step: Text = "", answer: Text = "",
    text: Text = "",
) -> Response:  # fmt: skip
    try:
        gate.response.tried(who, alert_id, step, answer, text.strip())
    except Refused as refused:
        return refused_sheet(request, gate, who, alert_id, refused, text)
    return RedirectResponse(f"/console/alert/{alert_id}", 303)


@routes.get(f"{BY_LINK}reply/{{token}}")
def reply(request: Request, gate: TheGate, token: str) -> Response:
    """Looking says nothing: mail servers look at links before people do."""
    return _reply(request, gate.response.reply(token))


@routes.post(f"{BY_LINK}reply/{{token}}")
def say(request: Request, gate: TheGate, token: str, key: Text = "") -> Response:
    """By a button, or by the key of a telephone that the operator's exchange passes on."""
    if key not in BY_KEY:
        return _reply(request, gate.response.reply(token), 400)
    return _reply(request, gate.response.say(token, BY_KEY[key]))


@routes.post(f"{BY_LINK}text")
async def text_back(request: Request, gate: TheGate) -> Response:
    """From the gateway for text messages; its signature stands for the secret in a link."""
    body, said = await request.body(), request.headers.get(SIGNATURE, "")
    await asyncio.to_thread(gate.response.say_by_number, body, said)
    return Response(status_code=204)


@routes.get("/push/key")
def push_key(gate: TheGate, who: Who) -> Response:
    return Response(gate.response.push_key(who), media_type="application/octet-stream")


@routes.post("/push/subscribe")
def subscribe(request: Request, gate: TheGate, who: Who, subscription: Text = "") -> Response:
    try:
        endpoint = str(msgspec.json.decode(subscription)["endpoint"])
    except (msgspec.DecodeError, KeyError, TypeError) as bad:
        raise Hidden("push") from bad
    gate.response.subscribe(who, subscription.encode(), urlsplit(endpoint).geturl())
    done = Response(status_code=204)
    secure = request.app.state.settings.secure_cookies
    keep(done, TOLD_HERE, marked(urlsplit(endpoint).geturl()), secure=secure, max_age=TOLD_FOR)
    return done


@routes.post("/push/unsubscribe")
def unsubscribe(gate: TheGate, who: Who, endpoint: Text = "") -> Response:
    gate.response.unsubscribe(who, endpoint)
    return Response(status_code=204)


def _reply(request: Request, reply: Reply, status: int = 200) -> Response:
    phone = request.app.state.settings.centre_phone
    return page(request, "reply.html", status=status, reply=reply, keys=BY_KEY, phone=phone, t=Saying(reply.language))
