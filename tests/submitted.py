"""Images that a stranger could submit to the track `digits`: 250 blends of two training digits; and the command."""

import numpy as np
from click.testing import CliRunner
from PIL import Image

from bench.cli import main
from bench.datasets import open_dataset

COUNT = 250


def bench(*arguments):
    """The result of a command."""
    return CliRunner().invoke(main, [str(one) for one in arguments], prog_name="bench")


def good(*arguments):
    """The result of a command that ends well."""
    result = bench(*arguments)
    assert result.exit_code == 0, result.output
    return result


def blends(count=COUNT):
    """uint8 [count, 1, 32, 32]: the brighter pixel of two digits, a little darker."""
    split = open_dataset("digits").load("train", None, "")
    pairs = split.read(0, 2 * count).astype(np.float64)
    return (0.9 * np.maximum(pairs[:count], pairs[count:])).astype(np.uint8)


def save(folder, images):
    """A folder of PNGs, in grey where the images are."""
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        pixels = image[0] if len(image) == 1 else image.transpose(1, 2, 0)
        Image.fromarray(pixels).save(folder / f"{number:05d}.png")
    return folder
