"""Where images come from: `open_source` turns what was typed into an ImageSource, `iterate` reads it in threads."""

from bench.sources._parallel import iterate
from bench.sources._types import ImageSource, Origin, digest_of
from bench.sources.opening import open_source

__all__ = ["ImageSource", "Origin", "digest_of", "iterate", "open_source"]
