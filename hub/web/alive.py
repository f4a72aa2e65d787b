"""For a dead man's switch outside: whether every loop of the hub turns. No login, and no word about a person."""

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from hub.web.visitor import TheGate

routes = APIRouter()


@routes.get("/alive")
def alive(gate: TheGate) -> Response:
    said = gate.alive()
    return JSONResponse(said, 200 if said["alive"] else 503)
