"""A QR code as part of a page."""

import segno


def drawn(text: str) -> str:
    """SVG without styles or scripts: dark on light in either scheme, as cameras want it, as large as it is let."""
    made = segno.make_qr(text, error="m")
    return made.svg_inline(border=3, light="#ffffff", dark="#000000", svgclass=None, lineclass=None, omitsize=True)
