"""Addresses that somebody else has written: shown as links only where they can do no harm."""

from urllib.parse import urlsplit


def safe_link(words: str) -> str:
    """The words, where they are an http or https address with a host and nothing that a browser would skip over;
    otherwise ""."""
    if any(letter.isspace() or not letter.isprintable() for letter in words):
        return ""
    try:
        parts = urlsplit(words)
    except ValueError:
        return ""
    return words if parts.scheme in ("http", "https") and parts.hostname else ""
