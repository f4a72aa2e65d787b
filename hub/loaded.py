"""What the hub's own programs are made of: imported once, where all of them begin (hub/nursery.py)."""

import hub.web.app  # noqa: F401 -- for what it loads
from hub.process import warmed

warmed()
