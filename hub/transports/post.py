"""A signed POST of JSON to another system, and what its answer means."""

import hashlib
import hmac
import time
from typing import Any

import msgspec
import requests

from hub.transports.call import Unreached
from hub.transports.plainly import answered, unreached

TIMEOUT = 8.0
"""Real seconds to connect, and again for each part of the answer."""
PASSING = frozenset({408, 425, 429})
"""Answers that may be another one soon; those of 500 and above are too."""
FRESH = 300.0
"""Seconds for which a signature is taken."""
SIGNATURE = "Nightlight-Signature"


def post(server: str, url: str, content: dict[str, Any], secret: str) -> bytes:
    """The body of a good answer of what is called `server`. Raises Unreached. Redirects are not followed: what is
    posted names people.
    """
    body, at = msgspec.json.encode(content), int(time.time())
    headers = {"content-type": "application/json", SIGNATURE: signature(body, at, secret)}
    try:
        answer = requests.post(url, data=body, headers=headers, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as bad:
        raise Unreached(unreached(server, bad), broken=True) from None
    checked(server, answer)
    return answer.content


def checked(server: str, answer: requests.Response) -> None:
    """Raises Unreached unless the answer is a good one."""
    code = answer.status_code
    if not 200 <= code < 300:
        raise Unreached(answered(server, code), broken=code in PASSING or code >= 500)


def signature(body: bytes, at: int, secret: str) -> str:
    """`t=<seconds since 1970>,v1=<HMAC-SHA256 of "<t>.<body>" in hex>`, so that an old message can't be sent again."""
    mark = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={mark}"


def signed(body: bytes, said: str, secret: str, real_now: float) -> bool:
    """Whether `said` is the signature of `body` by who knows the secret, made lately."""
    at = said.partition(",")[0].removeprefix("t=")
    if not at.isascii() or not at.isdigit() or abs(real_now - int(at)) > FRESH:
        return False
    return hmac.compare_digest(said.encode(), signature(body, int(at), secret).encode())


def answers(url: str) -> bool:
    """Whether anything listens there, and is not in trouble."""
    try:
        return requests.head(url, timeout=TIMEOUT, allow_redirects=False).status_code < 500
    except requests.RequestException:
        return False
