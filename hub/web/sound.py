"""A sound, as browsers ask for it when somebody presses play: some play nothing that they can't have in pieces."""

import re

from fastapi import Request
from fastapi.responses import Response

WAV = "audio/wav"


def played(request: Request, made: bytes) -> Response:
    """All of it, or the one piece that was asked for."""
    asked = re.fullmatch(r"bytes=(\d+)-(\d*)", request.headers.get("range", ""))
    pieces = {"accept-ranges": "bytes"}
    if asked is None:
        return Response(made, media_type=WAV, headers=pieces)
    first = int(asked[1])
    last = min(int(asked[2] or len(made)), len(made) - 1)
    if first > last:
        return Response(status_code=416, headers={**pieces, "content-range": f"bytes */{len(made)}"})
    pieces["content-range"] = f"bytes {first}-{last}/{len(made)}"
    return Response(made[first : last + 1], 206, media_type=WAV, headers=pieces)
