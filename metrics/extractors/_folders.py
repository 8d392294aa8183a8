"""Where what can be made or fetched again is kept."""

import os
from pathlib import Path

import platformdirs


def cache_folder() -> Path:
    """The user's cache folder: $BENCH_CACHE, else the system's own place for caches. Not created here."""
    return Path(os.environ.get("BENCH_CACHE") or platformdirs.user_cache_dir("genbench"))
