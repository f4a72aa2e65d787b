"""Learned numbers, each with its provenance inside: made by a command, read by a shell, and handed in."""
