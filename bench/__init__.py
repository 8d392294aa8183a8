"""bench: measures and compares image generators."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.accumulator import Accumulator
    from bench.api import Result, fid, save_statistics, score
    from bench.sources import ImageSource, open_source
    from metrics.errors import InputError

__version__ = "0.1.0"
__all__ = ["Accumulator", "ImageSource", "InputError", "Result", "fid", "open_source", "save_statistics", "score"]

_HOMES = {  # imported when asked for: `import bench` and the command's help load no numpy
    "Accumulator": "bench.accumulator",
    "ImageSource": "bench.sources",
    "InputError": "metrics.errors",
    "Result": "bench.api",
    "fid": "bench.api",
    "open_source": "bench.sources",
    "save_statistics": "bench.api",
    "score": "bench.api",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'bench' has no attribute {name!r}; it has {', '.join(__all__)}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)
