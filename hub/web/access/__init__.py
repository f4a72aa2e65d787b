"""The one way out: a page gets a record only by saying who looks and for what."""

from hub.web.access.board import PAGE
from hub.web.access.door import Hidden, ReasonNeeded, Viewer
from hub.web.access.gate import Gate, open_gate
from hub.web.access.past import Away

__all__ = ["PAGE", "Away", "Gate", "Hidden", "ReasonNeeded", "Viewer", "open_gate"]
