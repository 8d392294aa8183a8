"""Apple and Windows emojis at 32x32 RGB, unpaired: the GAN assignment of the University of Toronto.

PNG files of 72x72 with transparency, put on white, then resized to 32x32. The first real set is the whole test split.
The test split has no second hundred, so the second real set is 100 training images, none of them equal to a test image
(17 Apple and 4 Windows images stand in both parts of the folders as they are handed out). The images belong to the two
vendors: nothing here may be redistributed.
"""

from pathlib import Path

from bench.datasets._types import Dataset, Split
from bench.datasets.images import file_split, list_images, resized
from bench.datasets.splits import check_choice
from metrics.errors import InputError

SPLITS = {"train": (2_270, 2_014), "test": (100, 100)}
DOMAINS = ("apple", "windows")
SIZE = 32


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 32x32, from all PNG files below `root/emojis/{Test_,}{Apple,Windows}`."""
    check_choice("emoji", split, SPLITS, domain, DOMAINS)
    folder = root / "emojis" / f"{'Test_' if split == 'test' else ''}{domain.capitalize()}"
    files = list_images(folder)
    if not files:
        raise InputError(f"emoji: no images in {folder}; {DATASET.howto}")
    return file_split(files, folder, lambda image: resized(image, SIZE), (3, SIZE, SIZE))


DATASET = Dataset(
    name="emoji",
    title="Apple and Windows emojis, 32x32 RGB",
    source="https://www.cs.toronto.edu/~rgrosse/courses/csc321_2018/",
    licence="vendor artwork, not for redistribution",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="it has no download that lasts: lay the assignment's PNG files out as emojis/Apple, emojis/Windows, "
    "emojis/Test_Apple and emojis/Test_Windows below the data root",
    domains=DOMAINS,
    eval_sets={"real 1": ("test", 100), "real 2": ("train", 100)},
    publishable=False,
)
