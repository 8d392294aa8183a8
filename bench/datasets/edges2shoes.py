"""edges2shoes at 128x128: 50,025 shoes on white and their edges (Isola et al., CVPR 2017).

The photographs are UT Zappos50K's (Yu and Grauman, CVPR 2014), the edges HED's (Xie and Tu, ICCV 2015). Each file is
512x256, the edges left and the shoe right; each half is resized to 128x128. Rows are pairs. The 200 test pairs are the
archive's `val` and make the two sets of 100 per domain of the assignment's Table 7. No checksum is published for the
archive: its length, the gzip checksum and the counts are held.
"""

from pathlib import Path

from PIL import Image

from bench.datasets._archives import unpack
from bench.datasets._types import Dataset, Split
from bench.datasets.images import file_split, list_images, resized
from bench.datasets.splits import check_choice, check_counts, missing
from bench.storage.download import download
from bench.storage.watching import Tell
from metrics.errors import InputError

URL = "http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/edges2shoes.tar.gz"
SPLITS = {"train": 49_825, "test": 200}
FOLDERS = {"train": "train", "test": "val"}
DOMAINS = ("edges", "shoes")
SIZE = 128


def load(split: str, root: Path, domain: str) -> Split:
    """One domain of one split, RGB 128x128, from `root/edges2shoes/train` and `val`."""
    check_choice("edges2shoes", split, SPLITS, domain, DOMAINS)
    folder = root / "edges2shoes" / FOLDERS[split]
    files = list_images(folder)
    if not files:
        raise missing("edges2shoes", folder, root, DATASET.howto)

    def half(image: Image.Image) -> Image.Image:
        if image.width != 2 * image.height:
            size = f"{image.width}x{image.height}"
            raise InputError(f"{folder} holds an image of {size}; expected edges and shoe side by side, 512x256")
        left = 0 if domain == "edges" else image.height
        return resized(image.crop((left, 0, left + image.height, image.height)), SIZE)

    return file_split(files, folder, half, (3, SIZE, SIZE))


def fetch(root: Path, progress: Tell | None = None) -> None:
    """Downloads and unpacks the archive (about 2 GB)."""
    if not (root / "edges2shoes").exists():
        archive = root / "edges2shoes.tar.gz"
        if not archive.exists():
            download(URL, archive, progress=progress)
        unpack(archive, root, "edges2shoes")
        archive.unlink()
    check_counts(DATASET, root, ("train", "test"))


DATASET = Dataset(
    name="edges2shoes",
    title="Edges and shoes, 128x128 RGB, pairs",
    source="http://efrosgans.eecs.berkeley.edu/pix2pix/datasets/",
    licence="UT Zappos50K: academic, non-commercial use only",
    shape=(3, SIZE, SIZE),
    splits=SPLITS,
    load=load,
    howto="unpack edges2shoes.tar.gz below the data root",
    fetch=fetch,
    domains=DOMAINS,
    paired=True,
    eval_sets={"real 1": ("test", 100), "real 2": ("test", 100)},
    publishable=False,
)
