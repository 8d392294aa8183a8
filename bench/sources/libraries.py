"""Packages that one kind of set needs, and nothing else does."""

from importlib import import_module
from typing import Any

from metrics.errors import InputError


def library(name: str, extra: str, what: str) -> Any:
    """A package that is installed with an extra of this project; InputError with the command where it is not."""
    try:
        return import_module(name)
    except ImportError as error:
        remedy = f'which is not installed; get it with: pip install "genbench[{extra}]"'
        raise InputError(f"{what} the package {name}, {remedy}") from error
