"""A QR code as part of a page."""

import segno


def drawn(text: str) -> str:
    """SVG without styles or scripts of its own; dark on light in either scheme, for cameras want it so."""
    made = segno.make(text, error="m")
    return made.svg_inline(
        scale=5, border=3, light="#ffffff", dark="#000000", omitsize=False, svgclass="qr", lineclass=None
    )
