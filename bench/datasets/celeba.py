"""CelebA, aligned and cropped, at 64x64 RGB (Liu, Luo, Wang and Tang, ICCV 2015).

The middle 178x178 of each 178x218 image, resized to 64x64. The published partition goes by file number: 1 to 162,770
for training, to 182,637 for validation, to 202,599 for testing. The label is the attribute Smiling (48 % of the
images), where `list_attr_celeba.txt` stands beside the folder; without it there are no labels.
"""

from pathlib import Path

import numpy as np

from bench.datasets._images import centre_square, file_split, resized
from bench.datasets._splits import check_choice, check_counts, missing
from bench.datasets._torchvision import fetch_with_torchvision
from bench.datasets._types import Dataset, Split
from metrics._errors import InputError

SPLITS = {"train": 162_770, "valid": 19_867, "test": 19_962}
FIRST = {"train": 1, "valid": 162_771, "test": 182_638}
SIZE = 64
ATTRIBUTE = "Smiling"


def load(split: str, root: Path, domain: str = "") -> Split:
    """One split, RGB 64x64, from `root/celeba/img_align_celeba/000001.jpg` and so on."""
    check_choice("celeba", split, SPLITS, domain)
    folder = root / "celeba" / "img_align_celeba"
    if not folder.is_dir():
        raise missing("celeba", folder, root, DATASET.howto)
    wanted = range(FIRST[split], FIRST[split] + SPLITS[split])
    files = sorted(path for path in folder.glob("*.jpg") if path.stem.isdecimal() and int(path.stem) in wanted)
    if not files:
        raise InputError(f"{folder} holds no image {wanted[0]:06d}.jpg to {wanted[-1]:06d}.jpg; {DATASET.howto}")
    labels = _labels(root / "celeba" / "list_attr_celeba.txt", files)
    return file_split(files, folder, lambda image: resized(centre_square(image), SIZE), (3, SIZE, SIZE), labels)


def _labels(path: Path, files: list[Path]) -> np.ndarray | None:
    """One attribute of each file, out of the published list: a count, the names, then a row of -1 and 1 per image."""
    if not path.is_file():
        return None
    lines = path.read_text(encoding="ascii", errors="replace").splitlines()
    names = lines[1].split() if len(lines) > 1 else []
    if ATTRIBUTE not in names:
        raise InputError(f"{path} does not name the attribute {ATTRIBUTE} in its second line; fetch celeba again")
    column = 1 + names.index(ATTRIBUTE)
    values = {cells[0]: cells[column] for cells in map(str.split, lines[2:]) if len(cells) > column}
    unknown = next((file.name for file in files if values.get(file.name) not in ("1", "-1")), None)
    if unknown:
        raise InputError(f"{path} has no row for {unknown}: it is cut or of another version; fetch celeba again")
    return np.array([values[file.name] == "1" for file in files], np.int64)


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
    extractors=("inception", "vgg16-random"),
    publishable=False,
)
