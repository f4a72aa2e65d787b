"""What a kit says aloud."""

HELP_IS_COMING = {
    "en": "Help is coming.",
    "cy": "Mae help ar y ffordd.",
    "de": "Hilfe ist unterwegs.",
    "es": "La ayuda está en camino.",
    "fr": "Les secours arrivent.",
    "it": "L'aiuto sta arrivando.",
    "nl": "Er is hulp onderweg.",
    "pl": "Pomoc jest w drodze.",
    "pt": "A ajuda está a caminho.",
}
"""What is said, by the language of the resident; the keys are espeak-ng's names of voices."""
