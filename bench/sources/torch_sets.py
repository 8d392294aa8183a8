"""Datasets and DataLoaders of torch, and data sets of the Hugging Face library, which behave as these do.

They are read once, in their own order: what a loader shuffles or a transformation draws at random is measured as it
came, and has another digest the next time.
"""

from collections.abc import Iterator
from typing import Any

from bench.sources._types import Choose, ImageSource
from bench.sources.gathered import from_items

HOMES = ("torch.utils.data", "datasets")  # where the classes of such sets are defined


def is_torch_set(spec: Any) -> bool:
    """Whether this is a Dataset or a DataLoader, found out without importing torch."""
    modules = [kind.__module__ for kind in type(spec).__mro__]
    return any(module == home or module.startswith(f"{home}.") for module in modules for home in HOMES)


def from_torch_set(spec: Any, choose: Choose) -> ImageSource:
    """The images of a Dataset or DataLoader; labels that are whole numbers or names come with them."""
    return from_items(type(spec).__name__, "dataset of torch", _items(spec), choose)


def _items(spec: Any) -> Iterator[Any]:
    if hasattr(spec, "__iter__"):
        return iter(spec)
    return (spec[number] for number in range(len(spec)))
