"""Networks that extractors have compiled, kept beside the features."""

import contextlib
import time
from datetime import timedelta
from pathlib import Path

from genbench.places import cache_folder


def engines() -> list[Path]:
    """The compiled networks that extractors keep beside the features, and what killed writers left of such."""
    folder = cache_folder() / "engines"
    return sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []


def empty_engines(older_than: timedelta | None = None) -> int:
    """Remove all compiled networks, or those older than given; returns the bytes freed."""
    limit = time.time() - older_than.total_seconds() if older_than else None
    freed = 0
    for path in engines():
        with contextlib.suppress(FileNotFoundError):  # another process removes them too
            status = path.stat()
            if limit is None or status.st_mtime < limit:
                path.unlink()
                freed += status.st_size
    return freed
