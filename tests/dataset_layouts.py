"""Tiny data sets in the layouts of the public downloads, written from nothing: what the loaders are tested on."""

import gzip
import pickle
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

CIFAR_PROTOCOL = 2  # that of the published batches


def pixels(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def idx_bytes(array: np.ndarray) -> bytes:
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return bytes((0, 0, 8, array.ndim)) + lengths + array.tobytes()


def write_idx(root: Path, folder: str, packed: bool = False) -> None:
    raw = root / folder / "raw"
    raw.mkdir(parents=True)
    for seed, (part, count) in enumerate({"train": 30, "t10k": 20}.items()):
        for name, array in (
            ("images-idx3", pixels(seed, count, 28, 28)),
            ("labels-idx1", np.arange(count, dtype=np.uint8) % 10),
        ):
            data = idx_bytes(array)
            target = raw / f"{part}-{name}-ubyte{'.gz' if packed else ''}"
            target.write_bytes(gzip.compress(data) if packed else data)


def write_stl10(root: Path) -> None:
    folder = root / "stl10_binary"
    folder.mkdir()
    for seed, split in enumerate(("train", "test", "unlabeled")):
        planes = pixels(seed, 12, 3, 96, 96)  # as stored: column-major, so [n, c, w, h]
        (folder / f"{split}_X.bin").write_bytes(planes.tobytes())
        if split != "unlabeled":
            (folder / f"{split}_y.bin").write_bytes(bytes(1 + i % 10 for i in range(12)))


def write_svhn(root: Path) -> None:
    from scipy.io import savemat

    (root / "svhn").mkdir()
    for seed, split in enumerate(("train", "test", "extra")):
        labels = 1 + np.arange(12, dtype=np.uint8)[:, None] % 10
        savemat(root / "svhn" / f"{split}_32x32.mat", {"X": pixels(seed, 32, 32, 3, 12), "y": labels})


def write_svhn2mnist(root: Path) -> None:
    write_svhn(root)
    write_idx(root, "MNIST")


def write_cifar10(root: Path) -> None:
    folder = root / "cifar-10-batches-py"
    folder.mkdir()
    for seed, name in enumerate([f"data_batch_{i}" for i in range(1, 6)] + ["test_batch"]):
        batch = {"data": pixels(seed, 6, 3072), "labels": [i % 10 for i in range(6)], "batch_label": name}
        written = pickle.dumps(batch, CIFAR_PROTOCOL)
        (folder / name).write_bytes(written.replace(b"numpy._core.multiarray", b"numpy.core.multiarray"))


def write_celeba(root: Path) -> None:
    folder = root / "celeba" / "img_align_celeba"
    numbers = [1, 2, 3, 162_771, 162_772, 182_638, 182_639, 202_599]
    write_images(folder, [f"{number:06d}.jpg" for number in numbers], (178, 218))
    rows = [f"{number:06d}.jpg {'1' if number % 2 else '-1'} -1" for number in numbers]
    text = "\n".join([str(len(rows)), "Smiling Young", *rows]) + "\n"
    (root / "celeba" / "list_attr_celeba.txt").write_text(text, encoding="ascii")


def write_celeba_10k(root: Path) -> None:
    for part, numbers in (("train", (1, 2, 3, 4)), ("test", (5, 10, 15, 20))):
        write_images(root / "celeba_10k" / part, [f"{number:06d}.jpg" for number in numbers], (89, 109))


def write_edges2shoes(root: Path) -> None:
    for part in ("train", "val"):
        write_images(root / "edges2shoes" / part, [f"{i}_AB.jpg" for i in range(1, 5)], (512, 256))


def write_horse2zebra(root: Path) -> None:
    for part in ("trainA", "trainB", "testA", "testB"):
        write_images(root / "horse2zebra" / part, [f"n0_{i}.jpg" for i in range(4)], (256, 256))


def write_emoji(root: Path) -> None:
    for part in ("Apple/Appl", "Windows/Wind.", "Test_Apple/Appl", "Test_Windows/Wind"):
        write_images(root / "emojis" / part, [f"U+{i}.png" for i in range(4)], (72, 72))


def write_cufs(root: Path) -> None:
    for part in ("train/photo", "train/sketch", "test/photo", "test/sketch"):
        write_images(root / "cufs" / part, [f"f-{i}.jpg" for i in range(4)], (200, 250))


def write_tiny_imagenet(root: Path) -> None:
    folder, kinds = root / "tiny-imagenet-200", ("n01443537", "n02123045", "n12267677")  # goldfish, tabby, acorn
    for kind in kinds:
        write_images(folder / "train" / kind / "images", [f"{kind}_{i}.JPEG" for i in range(4)], (64, 64))
    names = [f"val_{i}.JPEG" for i in range(4)]
    write_images(folder / "val" / "images", names, (64, 64))
    rows = [f"{name}\t{kinds[i % 3]}\t0\t0\t63\t63\n" for i, name in enumerate(names)]
    (folder / "val" / "val_annotations.txt").write_text("".join(rows), encoding="ascii")


def write_images(folder: Path, names: list[str], size: tuple[int, int]) -> None:
    folder.mkdir(parents=True)
    for name in names:
        coarse = pixels(zlib.crc32("/".join((*folder.parts[-2:], name)).encode()), 6, 6, 3)
        Image.fromarray(coarse).resize(size, Image.Resampling.BICUBIC).save(folder / name)


LAYOUTS = {
    "mnist": lambda root: write_idx(root, "MNIST"),
    "fashion-mnist": lambda root: write_idx(root, "FashionMNIST"),
    "fashion-mnist-24": lambda root: write_idx(root, "FashionMNIST"),
    "stl10": write_stl10,
    "svhn": write_svhn,
    "svhn2mnist": write_svhn2mnist,
    "cifar10": write_cifar10,
    "celeba": write_celeba,
    "celeba-10k": write_celeba_10k,
    "edges2shoes": write_edges2shoes,
    "horse2zebra": write_horse2zebra,
    "horse2zebra-128": write_horse2zebra,
    "tiny-imagenet": write_tiny_imagenet,
    "emoji": write_emoji,
    "cufs": write_cufs,
    "cufs-sketches": write_cufs,
}
