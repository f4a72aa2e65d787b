"""An operator at the console, through the pages that people use."""

import http.cookiejar
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser

from simulators.programs import Failed

ALERT = re.compile(r"/console/alert/(\d+)")
QUIET = ("script", "style")
SILENT_AFTER = 20.0
CONFLICT = 409


class Refused(Failed):
    """The hub did not do what was asked, since things had changed."""


class Page(HTMLParser):
    """What a reader and a browser take from a page: its words, where its forms and buttons go, and what its fields
    hold (the last of a name counts).
    """

    def __init__(self, content: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.targets: set[str] = set()
        self.fields: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self._quiet = 0
        self.feed(content)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def field_of(self, kind: str) -> str:
        """The name of the first field of that type, such as password. Raises Failed."""
        name = next((name for name, its in self.types.items() if its == kind), None)
        if name is None:
            raise Failed(f"the page has no field of type {kind}. It says: {self.text[:300]}")
        return name

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {key: value or "" for key, value in attrs}
        self._quiet += tag in QUIET
        self.targets |= {own[key] for key in ("action", "formaction") if key in own}
        if tag == "input" and "name" in own:
            self.fields[own["name"]] = own.get("value", "")
            self.types[own["name"]] = own.get("type", "text")

    def handle_endtag(self, tag: str) -> None:
        self._quiet -= tag in QUIET

    def handle_data(self, data: str) -> None:
        if not self._quiet:
            self.words.append(data)


class Browser:
    """Logged in as one account. Raises Failed where a page is not what it should be."""

    def __init__(self, web: str) -> None:
        self._web = web
        jar = http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))

    def get(self, path: str) -> str:
        return self._open(path, None)

    def post(self, path: str, fields: dict[str, str]) -> str:
        return self._open(path, urllib.parse.urlencode(fields).encode())

    def page(self, path: str) -> Page:
        return Page(self.get(path))

    def log_in(self, login: str, password: str) -> None:
        page = self.page("/login")
        fields = {**page.fields, page.field_of("text"): login, page.field_of("password"): password}
        after = Page(self.post("/login", fields))
        if "password" in after.types.values():
            raise Failed(f"{login} could not log in: {after.text[:300]}")

    def waiting(self) -> list[int]:
        """The alerts in the queue."""
        return list(dict.fromkeys(int(number) for number in ALERT.findall(self.get("/console/queue"))))

    def alert(self, number: int) -> Page:
        return self.page(f"/console/alert/{number}")

    def act(self, number: int, act: str, **fields: str) -> bool:
        """Press that button on an alert's page; False when it is not offered, or was no more when it was pressed."""
        path = f"/console/alert/{number}/{act}"
        page = self.alert(number)
        if path not in page.targets:
            return False
        try:
            self.post(path, {"csrf": page.fields["csrf"], **fields})
        except Refused:
            return False
        return True

    def changes(self) -> Iterator[str]:
        """The lines of the console's stream of changes, as they come."""
        request = urllib.request.Request(f"{self._web}/console/changes", headers={"Accept": "text/event-stream"})  # noqa: S310
        with self._opener.open(request, timeout=SILENT_AFTER) as stream:
            for line in stream:
                yield line.decode().rstrip("\n")

    def _open(self, path: str, content: bytes | None) -> str:
        url = urllib.parse.urljoin(self._web, path)
        try:
            with self._opener.open(url, content, timeout=SILENT_AFTER) as answer:
                body: bytes = answer.read()
                return body.decode()
        except urllib.error.HTTPError as error:
            kind = Refused if error.code == CONFLICT else Failed
            raise kind(f"{url} answered {error.code} {error.reason}") from error
        except OSError as error:
            raise Failed(f"{url} does not answer: {error}") from error
