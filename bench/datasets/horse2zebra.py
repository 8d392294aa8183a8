"""horse2zebra at 256x256: photographs of horses and of zebras, unpaired (Zhu, Park, Isola and Efros, ICCV 2017).

The first real set is the test split, 120 of each so that the size bias of FID is the same in both domains; the second
is as many training images, because the test split has no more. Size and sha256 of the archive are those that TensorFlow
Datasets records for it.
"""

from pathlib import Path

from bench.datasets._archives import unpack
from bench.datasets._types import Dataset, Split
from bench.datasets.images import file_split, list_images, resized
from bench.datasets.splits import check_choice, check_counts, missing
from bench.storage.download import download
from bench.storage.watching import Tell

URL = "http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/horse2zebra.zip"
ARCHIVE_BYTES = 116_867_962
ARCHIVE_SHA256 = "a74d9d392eecca9966b51287a76ca126af473d9de4f3e8fc0e9cda08fa1730a1"
SPLITS = {"train": (1_067, 1_334), "test": (120, 140)}
DOMAINS = ("horse", "zebra")


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 256x256, from `root/horse2zebra/{trainA,trainB,testA,testB}`."""
    return load_sized("horse2zebra", 256, split, root, domain)


def load_sized(name: str, size: int, split: str, root: Path, domain: str) -> Split:
    """One domain of one split, the whole image resized."""
    check_choice(name, split, SPLITS, domain, DOMAINS)
    folder = root / "horse2zebra" / f"{split}{'AB'[DOMAINS.index(domain)]}"
    files = list_images(folder)
    if not files:
        raise missing(name, folder, root, DATASET.howto)
    return file_split(files, folder, lambda image: resized(image, size), (3, size, size))


def fetch(root: Path, progress: Tell | None = None) -> None:
    """Downloads and unpacks the archive (117 MB)."""
    if not (root / "horse2zebra").exists():
        archive = root / "horse2zebra.zip"
        if not archive.exists():
            download(URL, archive, ARCHIVE_BYTES, ARCHIVE_SHA256, progress)
        unpack(archive, root, "horse2zebra")
        archive.unlink()
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="horse2zebra",
    title="Horses and zebras, 256x256 RGB",
    source="http://efrosgans.eecs.berkeley.edu/cyclegan/datasets/",
    licence="ImageNet images, research use",
    shape=(3, 256, 256),
    splits=SPLITS,
    load=load,
    howto="unpack horse2zebra.zip below the data root",
    fetch=fetch,
    domains=DOMAINS,
    eval_sets={"real 1": ("test", 120), "real 2": ("train", 120)},
    publishable=False,
)
