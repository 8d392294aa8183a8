"""Sets of images as they lie about in Python: lists, PIL images, Datasets, DataLoaders, functions."""

import functools
import hashlib
import re
import tarfile
import zipfile

import fsspec
import numpy as np
import pytest
import torch
from PIL import Image

import bench
from bench.sources import open_source
from metrics.errors import InputError

IMAGES = np.random.RandomState(0).randint(0, 256, (9, 3, 6, 5)).astype(np.uint8)  # [n, c, h, w]
LAST = IMAGES.transpose(0, 2, 3, 1)
WHOLE = open_source(IMAGES)


def in_pil(images=LAST):
    return [Image.fromarray(image) for image in images]


def in_files(folder):
    for number, image in enumerate(in_pil()):
        image.save(folder / f"{number}.png")
    return [folder / f"{number}.png" for number in range(len(LAST))]


class Plain(torch.utils.data.Dataset):
    """A data set of what is given."""

    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, row):
        return self.items[row]


def labelled(images=IMAGES):
    return Plain([(torch.from_numpy(image), number) for number, image in enumerate(images)])


def make(n, seed):
    return np.random.RandomState(seed).randint(0, 256, (n, 3, 6, 5)).astype(np.uint8)


SAME = {
    "a list of PIL images": lambda: in_pil(),
    "a tuple of arrays": lambda: tuple(IMAGES),
    "a list of arrays, channels last": lambda: list(LAST),
    "a list of tensors": lambda: list(torch.from_numpy(IMAGES)),
    "a list of batches": lambda: [IMAGES[:4], IMAGES[4:]],
    "a Dataset of images and labels": labelled,
    "a Dataset of PIL images": lambda: Plain(in_pil()),
    "a Dataset of mappings": lambda: Plain([{"image": image, "label": 3} for image in in_pil()]),
    "a DataLoader": lambda: torch.utils.data.DataLoader(labelled(), batch_size=4),
    "a function": lambda: functools.partial(make, n=9),
    "a function that gives batches": lambda: lambda n=9, seed=0: iter([IMAGES[:5], IMAGES[5:]]),
}


@pytest.mark.parametrize("kind", SAME)
def test_the_same_images_are_the_same_set_whatever_holds_them(kind):
    source = open_source(SAME[kind]())
    assert source.digest == WHOLE.digest
    assert np.array_equal(source.read(7), IMAGES[7])


def in_zip(folder):
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for path in reversed(in_files(folder)):
            archive.write(path, path.name)
    return folder / "a.zip"


def in_tar(folder, *, shards=False):
    paths = in_files(folder)
    for shard, part in enumerate((paths[:4], paths[4:]) if shards else (paths,)):
        with tarfile.open(folder / f"{shard}.tar", "w") as archive:
            for path in part:
                archive.add(path, path.name)
    return folder / ("{0..1}.tar" if shards else "0.tar")


def in_rows(folder):
    pa = pytest.importorskip("pyarrow", reason='pyarrow is not installed: pip install "genbench[parquet]"')
    table = pa.table({"image": [path.read_bytes() for path in in_files(folder)]})
    pytest.importorskip("pyarrow.parquet").write_table(table, folder / "a.parquet")
    return folder / "a.parquet"


def elsewhere(folder):
    place = fsspec.filesystem("memory")
    for path in in_files(folder):
        place.pipe(f"/same/{path.name}", path.read_bytes())
    return "memory://same"


def in_folder(folder):
    in_files(folder)
    return folder


FILES = {
    "a folder": in_folder,
    "a file URL": lambda folder: f"file://{in_folder(folder)}",
    "a list of paths": in_files,
    "a pattern": lambda folder: in_folder(folder) / "[0-9].*g",
    "a zip": in_zip,
    "a tar": in_tar,
    "a WebDataset": functools.partial(in_tar, shards=True),
    "a table": in_rows,
    "a folder elsewhere": elsewhere,
}


@pytest.mark.parametrize("kind", FILES)
def test_the_same_files_are_the_same_set_whatever_holds_them(tmp_path, kind):
    spec = FILES[kind](tmp_path)
    source, part = open_source(spec), open_source(spec, limit=4, seed=3)
    files = [(tmp_path / f"{row}.png").read_bytes() for row in range(len(IMAGES))]
    assert source.hashes == tuple(hashlib.sha256(data).hexdigest() for data in files)
    assert all(np.array_equal(source.read(row), image) for row, image in enumerate(IMAGES))
    assert part.places == open_source(IMAGES, limit=4, seed=3).places


def test_floats_of_a_list_have_one_range_over_all_images():
    whole = IMAGES[:1] / np.float32(255)
    signed = np.concatenate([np.clip(whole, 0.1, 1), whole * 2 - 1])  # the first alone reads as [0, 1]
    assert open_source(list(signed)).digest == open_source(signed).digest
    assert open_source(list(whole)).digest == open_source(whole).digest


def test_a_list_of_paths_is_their_folder_in_the_order_of_the_list(tmp_path):
    paths = in_files(tmp_path)
    source = open_source([str(path) for path in reversed(paths)])
    assert source.hashes == tuple(reversed(open_source(tmp_path).hashes))
    assert source.named
    assert source.keys[0] == paths[-1].as_posix()


def test_images_of_several_sizes_may_stand_in_one_list():
    source = open_source([IMAGES[0], IMAGES[1, :, :4]])
    assert [source.read(row).shape for row in (0, 1)] == [(3, 6, 5), (3, 4, 5)]


def test_pil_images_follow_the_rules_of_files():
    grey = Image.fromarray(np.arange(48, dtype=np.uint8).reshape(6, 8), "L")
    assert np.array_equal(open_source([grey]).read(0), np.repeat(np.asarray(grey)[None], 3, axis=0))
    clear = Image.new("RGBA", (8, 6), (10, 20, 30, 0))
    assert open_source([clear]).read(0).min() == 255


def test_a_limit_draws_from_a_list_as_from_an_array():
    part = open_source(in_pil(), limit=4, seed=3)
    assert (part.keys, part.digest) == ((drawn := open_source(IMAGES, limit=4, seed=3)).keys, drawn.digest)


def test_a_function_makes_as_many_images_as_the_limit_says_with_the_seed_of_the_set():
    source = open_source(make, limit=5, seed=7)
    assert (source.name, source.count) == ("make", 5)
    assert source.digest == open_source(make(5, 7)).digest


def test_a_split_of_anybodys_folder_has_a_name(tmp_path):
    (tmp_path / "mine").mkdir()
    for number in range(20):
        image = np.random.RandomState(number).randint(0, 256, (70, 64, 3)).astype(np.uint8)
        Image.fromarray(image).save(tmp_path / "mine" / f"{number:02}.png")
    name = f"folder:{tmp_path / 'mine'}"
    test, real = open_source(f"{name}:test"), open_source(f"{name}:32:real-1")
    assert (test.count, real.count) == (10, 5)
    assert (test.read(0).shape, real.read(0).shape) == ((3, 64, 64), (3, 32, 32))
    with pytest.raises(InputError, match=r"no split 'tset'\. Did you mean 'test'"):
        open_source(f"{name}:tset")
    with pytest.raises(InputError, match="names no split; write folder:DIR:SPLIT"):
        open_source("folder:nowhere")


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ([], "the list is empty"),
        (["x.png", IMAGES[0]], "the list holds paths and a.* ndarray"),
        ([3], "list, image 0 is 3; expected a PIL image, an array or a tensor"),
        ([IMAGES[0], IMAGES[0] / 255], "holds images of uint8 and float64; expected one type"),
        ([IMAGES[0, 0]], r"has shape \[6, 5\]; expected \[h, w, c\]"),
        ([IMAGES[0].astype(np.int64)], "has dtype int64; expected uint8"),
        ([IMAGES[0] * np.float32(1)], "expected .0, 1. or .-1, 1.: convert with .round"),
        ([np.zeros((3, 6, 5))], r"the range can be \[0, 1\], \[-1, 1\]"),
        (["nowhere.png"], "'nowhere.png' in the list does not exist"),
        (["digits:test"], "'digits:test' in the list does not exist; a list holds the paths of image files"),
        (["tests"], "'tests' in the list is a folder"),
        (["README.md"], "'README.md' in the list is not an image file"),
        (["x" * 5000], "does not exist"),
        ([(IMAGES[0], IMAGES[1])], "is a tuple of 2; expected .image, label. with one image"),
        (Plain([{"photo": IMAGES[0]}]), "is a mapping of photo; expected one under 'image'"),
        (Plain([]), "Plain holds no images"),
        (make, "does not know how many images to make; give limit"),
        (lambda z: z, "takes z; expected a function make"),
        (functools.partial(make, n="many"), "n of make is 'many'"),
        (lambda n=3, seed=0: IMAGES, "made 9 images; it was asked for 3"),
        (lambda n=3, seed=0: None, "returned None; expected 3 images"),
        ({1, 2}, "a set of images is a set; expected a folder, .*, a list of paths, .*, or a function make"),
    ],
)
def test_what_is_no_set_is_told_in_one_line(spec, said, monkeypatch):
    with pytest.raises(InputError, match=said) as error:
        open_source(spec)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 400


def test_every_function_takes_them(tmp_path):
    how = {"extractor": "pixels", "cache": False}
    a, b = in_pil(), torch.utils.data.DataLoader(labelled(make(9, 1)), batch_size=4)
    expected = bench.fid(IMAGES, make(9, 1), **how).fid
    assert bench.fid(a, b, **how).fid == expected
    assert bench.score(a, b, metrics="fid", **how).fid == expected
    assert bench.save_statistics(a, tmp_path / "a.npz", **how).count == 9
    assert re.match("list", bench.fid(a, b, **how).name_a)
