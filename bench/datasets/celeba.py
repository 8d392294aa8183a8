"""CelebA, aligned and cropped, at 64x64 RGB (Liu, Luo, Wang and Tang, ICCV 2015).

The middle 178x178 of each 178x218 image, resized to 64x64. The published partition goes by file number: 1 to 162,770
for training, to 182,637 for validation, to 202,599 for testing. The label is the attribute Smiling (48 % of the
images), where `list_attr_celeba.txt` stands beside the folder; without it there are no labels. `celeba/Male` has
another one of the 40 attributes, `celeba/Male+Smiling` a label for each combination, 2^k of k of them, the first one
counting most.
"""

from dataclasses import replace
from functools import partial
from itertools import product
from pathlib import Path

import numpy as np

from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from bench.datasets.images import centre_square, file_split, resized
from bench.datasets.splits import check_choice, check_counts, missing
from bench.storage.reading import read_bytes
from genbench.names import did_you_mean
from metrics.errors import InputError

SPLITS = {"train": 162_770, "valid": 19_867, "test": 19_962}
FIRST = {"train": 1, "valid": 162_771, "test": 182_638}
SIZE = 64
MOST_LIST = 2**26  # of bytes; the published list has 27 million
SMILING = ("Smiling",)
ATTRIBUTES = (
    "5_o_Clock_Shadow", "Arched_Eyebrows", "Attractive", "Bags_Under_Eyes", "Bald", "Bangs", "Big_Lips", "Big_Nose",
    "Black_Hair", "Blond_Hair", "Blurry", "Brown_Hair", "Bushy_Eyebrows", "Chubby", "Double_Chin", "Eyeglasses",
    "Goatee", "Gray_Hair", "Heavy_Makeup", "High_Cheekbones", "Male", "Mouth_Slightly_Open", "Mustache", "Narrow_Eyes",
    "No_Beard", "Oval_Face", "Pale_Skin", "Pointy_Nose", "Receding_Hairline", "Rosy_Cheeks", "Sideburns", "Smiling",
    "Straight_Hair", "Wavy_Hair", "Wearing_Earrings", "Wearing_Hat", "Wearing_Lipstick", "Wearing_Necklace",
    "Wearing_Necktie", "Young",
)  # fmt: skip
MOST_ATTRIBUTES = 4  # 16 classes


def load(split: str, root: Path, domain: str = "", attributes: tuple[str, ...] | None = None) -> Split:
    """One split, RGB 64x64, from `root/celeba/img_align_celeba/000001.jpg` and so on."""
    check_choice("celeba", split, SPLITS, domain)
    folder = root / "celeba" / "img_align_celeba"
    if not folder.is_dir():
        raise missing("celeba", folder, root, DATASET.howto)
    wanted = range(FIRST[split], FIRST[split] + SPLITS[split])
    files = sorted(path for path in folder.glob("*.jpg") if path.stem.isdecimal() and int(path.stem) in wanted)
    if not files:
        raise InputError(f"{folder} holds no image {wanted[0]:06d}.jpg to {wanted[-1]:06d}.jpg; {DATASET.howto}")
    labels = _labels(root / "celeba" / "list_attr_celeba.txt", files, attributes)
    return file_split(files, folder, lambda image: resized(centre_square(image), SIZE), (3, SIZE, SIZE), labels)


def labelled(word: str) -> Dataset:
    """The data set with attributes `A`, `A+B`, ... for labels; InputError for unknown, repeated or too many ones."""
    attributes = tuple(word.split("+"))
    for name in attributes:
        if name not in ATTRIBUTES:
            raise InputError(f"celeba has no attribute {name!r}. {did_you_mean(name, ATTRIBUTES)}")
    if len(set(attributes)) < len(attributes) or len(attributes) > MOST_ATTRIBUTES:
        raise InputError(f"celeba/{word}: expected 1 to {MOST_ATTRIBUTES} different attributes with + between them")
    return replace(DATASET, classes=_classes(attributes), load=partial(load, attributes=attributes))


def _classes(attributes: tuple[str, ...]) -> tuple[str, ...]:
    """Their combinations in words, in the order of the labels: ("not male not smiling", "not male smiling", ...)."""
    words = [name.replace("_", " ").lower() for name in attributes]
    signs = product(("not ", ""), repeat=len(words))
    return tuple(" ".join(sign + word for sign, word in zip(one, words, strict=True)) for one in signs)


def _labels(path: Path, files: list[Path], attributes: tuple[str, ...] | None) -> np.ndarray | None:
    """Attributes of each file, out of the published list: a count, the names, then a row of -1 and 1 per image.

    Without the list: None where no attributes are asked for, else InputError.
    """
    if not path.is_file() and attributes is None:
        return None
    if not path.is_file():
        raise InputError(f"celeba: no {path}, which has the attributes of the images; {DATASET.howto}")
    lines = read_bytes(path, most=MOST_LIST).decode("ascii", "replace").splitlines()
    names = lines[1].split() if len(lines) > 1 else []
    rows = {cells[0]: cells[1:] for cells in map(str.split, lines[2:]) if len(cells) == 1 + len(names)}
    labels = np.zeros(len(files), np.int64)
    for name in attributes or SMILING:
        if name not in names:
            raise InputError(f"{path} does not name the attribute {name} in its second line; fetch celeba again")
        column = names.index(name)
        values = [rows[file.name][column] if file.name in rows else "" for file in files]
        unknown = next((file.name for file, value in zip(files, values, strict=True) if value not in ("1", "-1")), None)
        if unknown:
            raise InputError(f"{path} has no row for {unknown}: it is cut or of another version; fetch celeba again")
        labels = 2 * labels + (np.array(values) == "1")
    return labels


def fetch(root: Path, progress: object = None) -> None:
    """Downloads images and attributes (1.4 GB) through torchvision, which needs the package gdown for Google Drive."""
    fetch_with_torchvision("celeba", root, lambda sets: sets.CelebA(root, "all", download=True), DATASET.howto)
    check_counts(DATASET, root, tuple(SPLITS))


DATASET = Dataset(
    name="celeba",
    title="CelebA faces, 64x64 RGB",
    source="https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html",
    licence="non-commercial research only",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="unpack img_align_celeba.zip into celeba below the data root, list_attr_celeba.txt beside it",
    fetch=fetch,
    classes=("not smiling", "smiling"),
    eval_sets={"real 1": ("test", 1_000), "real 2": ("test", 1_000)},
    extractors=("inception", "efficientnet-lite0"),
    publishable=False,
    labelled=labelled,
)
