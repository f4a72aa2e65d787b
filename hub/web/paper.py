"""Paper: a page with a heading, facts and tables, as PDF."""

from collections.abc import Sequence
from datetime import datetime
from importlib.resources import as_file, files

LINE = 6.0
"""mm"""
FAMILY = "SourceSansPro"
LARGE = 18 / 11
WINDOW, WINDOW_WIDTH, UNDER_WINDOW = (25.0, 48.0), 80.0, 90.0
"""mm, on a page that is folded in three."""
CUTS = {"": "Regular", "B": "Bold"}


class Paper:
    """A4, portrait, with the letters of Latin, Greek and Cyrillic names; what those lack is printed as '?'.

    `large` is large print: 18 points, as those who see badly need it. `envelope` is to whom it goes, where a window of
    an envelope (DL) shows it.
    """

    def __init__(
        self, title: str, made: datetime, *, large: bool = False, language: str = "en", envelope: Sequence[str] = ()
    ) -> None:
        from fpdf import FPDF  # takes longer to load than most pages do, and most visitors print nothing

        self._scale = LARGE if large else 1.0
        self._pdf = FPDF(format="A4")
        self._pdf.set_title(title)
        self._pdf.set_creator("Nightlight")
        self._pdf.set_creation_date(made)
        self._pdf.set_lang(f"{language}-GB")
        self._pdf.set_auto_page_break(auto=True, margin=18)
        for style, cut in CUTS.items():
            with as_file(files("font_source_sans_pro") / "files" / f"{FAMILY}-{cut}.ttf") as letters:
                self._pdf.add_font(FAMILY, style, letters)
        self._pdf.add_page()
        if envelope:
            self._window(envelope)
        self._text(title, 20, bold=True, height=11)

    def _window(self, envelope: Sequence[str]) -> None:
        """Never large: it has to fit."""
        self._pdf.set_font(FAMILY, size=11)
        self._pdf.set_xy(*WINDOW)
        self._pdf.multi_cell(WINDOW_WIDTH, 5, "\n".join(self._printable(line) for line in envelope))
        self._pdf.set_xy(self._pdf.l_margin, UNDER_WINDOW)

    def heading(self, text: str) -> None:
        self._pdf.ln(3)
        self._text(text, 13, bold=True, height=8)

    def say(self, text: str) -> None:
        self._text(text, 11)

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int]) -> None:
        """`widths` in parts of the page's width."""
        self._pdf.set_font(FAMILY, size=10 * self._scale)
        with self._pdf.table(col_widths=tuple(widths), line_height=LINE * self._scale, text_align="LEFT") as table:
            for cells in (head, *rows):
                line = table.row()
                for cell in cells:
                    line.cell(self._printable(cell))

    def done(self) -> bytes:
        return bytes(self._pdf.output())

    def _text(self, text: str, size: int, *, bold: bool = False, height: float = LINE) -> None:
        self._pdf.set_font(FAMILY, style="B" if bold else "", size=size * self._scale)
        self._pdf.multi_cell(0, height * self._scale, self._printable(text), new_x="LMARGIN", new_y="NEXT")

    def _printable(self, text: str) -> str:
        from fpdf.fonts import TTFFont

        font = self._pdf.fonts[FAMILY.lower()]
        assert isinstance(font, TTFFont)
        return "".join(letter if ord(letter) in font.cmap else "?" for letter in text)
