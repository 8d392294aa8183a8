"""The `laptop` recipes: narrower models and fewer steps, by model and data set, as laptop.toml has them.

    [dcgan.celeba]                         the model, and the data set whose recipe it changes
    settings = { width = 32 }              what is not the recipe's
    steps = 2669                           the budget
    minutes = 8                            what that took on two cores
    seen = "faces, ..."                    what came out when it was tried; left out: it was not tried

They stand beside the models and not in them: a model's file is the recipe of its paper, and the hash of its code, which
records keep, does not change with what was tried on some machine.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from bench.storage.reading import read_toml
from bench.storage.typed import ADDED, typed
from metrics.errors import InputError

LAPTOP = "laptop"
FILE = Path(__file__).with_suffix(".toml")


@dataclass(frozen=True)
class LaptopRecipe:
    """What a model is trained with where there is no GPU; see the module."""

    settings: dict[str, bool | int | float | str]
    steps: int
    minutes: float
    seen: str = field(default="", metadata=ADDED)

    @property
    def changes(self) -> tuple[str, ...]:
        """Its settings as `--set` takes them."""
        return tuple(f"{name}={value}" for name, value in self.settings.items())

    def __str__(self) -> str:
        tried = "" if self.seen else ", not tried yet"
        return f"{', '.join((*self.changes, f'{self.steps:,} steps'))}; about {self.minutes:g} min on two cores{tried}"


@cache
def laptop_recipes() -> Mapping[str, Mapping[str, LaptopRecipe]]:
    """All of them, by model and data set."""
    values = read_toml(FILE, remedy="install the project again")
    return typed(dict[str, dict[str, LaptopRecipe]], values, str(FILE))


def laptop_recipe(model: str, dataset: str) -> LaptopRecipe | None:
    """That of a model for a data set, by the name that models know its recipe by; None where there is none."""
    return laptop_recipes().get(model, {}).get(dataset)


def require_laptop_recipe(model: str, dataset: str) -> LaptopRecipe:
    """As `laptop_recipe`; InputError with those that there are where there is none."""
    found = laptop_recipe(model, dataset)
    if found is None:
        known = laptop_recipes().get(model, {})
        there = f"it has one for {', '.join(known)}" if known else f"models with one: {', '.join(laptop_recipes())}"
        raise InputError(f"{model} has no laptop recipe for {dataset}; {there}. Change the recipe with --set instead")
    return found
