"""celeba-10k: the first 10,000 faces of CelebA (Liu et al., "Deep Learning Face Attributes in the Wild", ICCV 2015).

For machines without a large GPU, and for the question what few training images do (`--train-split train:88`).

Files keep their number in CelebA. Every fifth is for testing, which are not CelebA's own splits, so nothing here can be
compared with `celeba`. The files may be of half size (89x109): the middle square is resized to 64x64 either way. There
are no attributes.
"""

from pathlib import Path

from bench.datasets import celeba
from bench.datasets._types import Dataset, Split
from bench.datasets.images import centre_square, file_split, list_images, resized
from bench.datasets.splits import check_choice
from metrics.errors import InputError

SPLITS = {"train": 8_000, "test": 2_000}
SIZE = celeba.SIZE


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, RGB 64x64, from all images below `root/celeba_10k/{train,test}`."""
    check_choice("celeba-10k", split, SPLITS, domain)
    folder = root / "celeba_10k" / split
    files = list_images(folder)
    if not files:
        raise InputError(f"celeba-10k: no images in {folder}; {DATASET.howto}")
    return file_split(files, folder, lambda image: resized(centre_square(image), SIZE), (3, SIZE, SIZE))


DATASET = Dataset(
    name="celeba-10k",
    title="10,000 CelebA faces, 64x64 RGB",
    source="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    licence="non-commercial research only",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="lay the first 10,000 files of CelebA's img_align_celeba out below the data root: every fifth (000005.jpg, "
    "000010.jpg, ...) in celeba_10k/test, the others in celeba_10k/train",
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("efficientnet-lite0",),
    publishable=False,
    recipe="celeba",
)
