"""Paper: a page with a heading, facts and tables, as PDF."""

from collections.abc import Sequence
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import XPos, YPos

LINE = 6.0
"""mm"""
_PLAIN = str.maketrans(
    {"\u2019": "'", "\u2018": "'", "\u201c": '"', "\u201d": '"', "\u2013": "-", "\u2014": "-", "\u2026": "..."}
)


class Paper:
    """A4, portrait, in the one family of letters that every reader of PDF has: what it lacks is printed as '?'."""

    def __init__(self, title: str, made: datetime) -> None:
        self._pdf, self._lacked = FPDF(format="A4"), False
        self._pdf.set_title(title)
        self._pdf.set_creator("Nightlight")
        self._pdf.set_creation_date(made)
        self._pdf.set_lang("en-GB")
        self._pdf.set_auto_page_break(auto=True, margin=18)
        self._pdf.add_page()
        self._text(title, 20, bold=True, height=11)

    def heading(self, text: str) -> None:
        self._pdf.ln(3)
        self._text(text, 13, bold=True, height=8)

    def say(self, text: str) -> None:
        self._text(text, 11)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """`widths` in parts of the page's width."""
        self._pdf.set_font("Helvetica", size=10)
        with self._pdf.table(col_widths=tuple(widths), line_height=LINE, text_align="LEFT") as table:
            for cells in (head, *rows):
                line = table.row()
                for cell in cells:
                    line.cell(self._plain(cell))

    def done(self) -> bytes:
        if self._lacked:
            self._pdf.ln(3)
            self._text("A '?' may stand for a letter that this paper lacks: the page on the screen has it.", 9)
        return bytes(self._pdf.output())

    def _text(self, text: str, size: int, *, bold: bool = False, height: float = LINE) -> None:
        self._pdf.set_font("Helvetica", style="B" if bold else "", size=size)
        self._pdf.multi_cell(0, height, self._plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _plain(self, text: str) -> str:
        plain = text.translate(_PLAIN)
        printed = plain.encode("latin-1", "replace").decode("latin-1")
        self._lacked |= printed != plain
        return printed
