"""What a page may have to say of the past: that it can't be read now."""

from hub.store.away import Away

__all__ = ["Away"]
