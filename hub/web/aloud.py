"""What a telephone exchange plays to whoever asked to be rung and told."""

from fastapi import APIRouter, HTTPException
from fastapi.responses import Response

from hub.links import BY_LINK
from hub.voice import Speechless, for_telephone, spoken
from hub.web.visitor import TheGate

routes = APIRouter()


@routes.get(f"{BY_LINK}aloud/{{token}}.wav")
def aloud(gate: TheGate, token: str) -> Response:
    news = gate.aloud.told(token)
    try:
        made = for_telephone(spoken("\n\n".join((f"{news.day}.", *news.lines)), news.language))
    except Speechless as why:
        raise HTTPException(503, str(why)) from why
    gate.aloud.picked_up(token)
    return Response(made, media_type="audio/wav")
