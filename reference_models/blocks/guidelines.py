"""The recipes of CIS 680 (2017) assignment 3, section 2, for the GANs whose networks are those of `networks`.

Its guidelines ask for 2,000 to 5,000 iterations, 128 channels at most for CUFS and 1024 for CelebA. A model with other
numbers for a data set, or with other networks, has them in its own file.
"""

from dataclasses import replace
from typing import Any, TypeVar

Config = TypeVar("Config", bound=Any)  # a frozen dataclass with width, lr, batch_size and epochs

GRID_EVERY = {"cufs-sketches": 1_000, "celeba": 1_000}  # assignment, sections 1 and 2: "every 1,000 iterations"


def guided_recipes(seed: Config, tiny: Config) -> dict[str, Config]:
    """The recipes by data set, out of a configuration of width 16 and batches of 50 images."""
    return {
        "cufs-sketches": replace(seed, epochs=1_705),  # 88 images: 3,001 iterations
        "celeba": replace(seed, width=128, batch_size=128, epochs=4),  # 5,087 iterations; guidelines: 1024 channels
        "digits": replace(seed, width=32, lr=5e-4, batch_size=32, epochs=60),  # 2,432 steps, minutes on two cores
        "default": seed,
        "tiny": tiny,
    }
