"""CUFS, the student set: 188 photographs and an artist's sketch of each, 64x64 RGB pairs.

Wang and Tang, "Face photo-sketch synthesis and recognition", PAMI 31(11), 2009. The cropped files are 200x250; the
middle 200x200 is resized to 64x64, and grey sketches are repeated over three channels. 88 pairs to train and 100 to
test, as published. The second real set, of which the other domain is translated, is the test split; the first, which
everything is compared with, are all 88 training images: there are no others.
"""

from collections import Counter
from pathlib import Path

from bench.datasets._types import Dataset, Split
from bench.datasets.images import centre_square, file_split, list_images, resized
from bench.datasets.splits import check_choice
from metrics.errors import InputError

SPLITS = {"train": 88, "test": 100}
DOMAINS = ("photo", "sketch")
SIZE = 64


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 64x64, from `root/cufs/{train,test}/{photo,sketch}`; one file name is one pair."""
    check_choice("cufs", split, SPLITS, domain, DOMAINS)
    files = pair_files(root, split)[DOMAINS.index(domain)]
    folder = root / "cufs" / split / domain
    return file_split(files, folder, lambda image: resized(centre_square(image), SIZE), (3, SIZE, SIZE))


def pair_files(root: Path, split: str) -> tuple[list[Path], list[Path]]:
    """Photographs and sketches in the same order; raises InputError where they are missing or do not pair up."""
    photos, sketches = (list_images(root / "cufs" / split / domain) for domain in DOMAINS)
    if not photos or not sketches:
        absent = root / "cufs" / split / ("photo" if not photos else "sketch")
        raise InputError(f"cufs: no images in {absent}; {DATASET.howto}")
    sketch_of = {path.stem: path for path in sketches}
    alone = {path.stem for path in photos} ^ set(sketch_of)
    if alone:
        raise InputError(f"cufs: {min(alone)} of {split} has no photo or no sketch; add its partner or remove it")
    for files, domain in ((photos, "photo"), (sketches, "sketch")):
        twice = [name for name, number in Counter(path.stem for path in files).items() if number > 1]
        if twice:
            raise InputError(f"cufs: {twice[0]} is twice in {split}/{domain}; one file name is one pair")
    return photos, [sketch_of[path.stem] for path in photos]


DATASET = Dataset(
    name="cufs",
    title="CUFS photographs and sketches, 64x64 RGB, pairs",
    source="http://mmlab.ie.cuhk.edu.hk/archive/facesketch.html",
    licence="research use only",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="it is given out for research by its authors: lay the cropped student images out as cufs/train/photo, "
    "cufs/train/sketch, cufs/test/photo and cufs/test/sketch below the data root, the same file name for a pair",
    domains=DOMAINS,
    paired=True,
    eval_sets={"real 1": ("train", 88), "real 2": ("test", 100)},
    publishable=False,
)
