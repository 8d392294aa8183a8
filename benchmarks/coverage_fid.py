"""How often the FID's 95 % intervals cover the true distance, and what bias the corrected values keep.

    OMP_NUM_THREADS=1 python benchmarks/coverage_fid.py gaussians [--repeats 200] [--dims 64,512] [--counts 100,300]
    OMP_NUM_THREADS=1 python benchmarks/coverage_fid.py features --data-root FOLDER [--repeats 200]
    OMP_NUM_THREADS=1 python benchmarks/coverage_fid.py projections --data-root FOLDER [--repeats 200] [--dims 256]

`gaussians` draws from pairs of Gaussians of known distance whose spectra are flat or fall as 1 / k (that of deep
features falls at least so): of one distribution, of two that differ everywhere and, where the spectrum falls, of two of
which the second lacks what the first has of little variance: all but an eighth of its directions, of which it keeps a
hundredth of the variance. `features` draws from the features of real images: Fashion-MNIST through a classifier with
2,048 features that the script trains first (a minute or two), and treats 20,000 images as the whole population, so that
the truth is known: real against blurred, real against noisy, real against real (disjoint). `projections` does the same
with features that nobody has trained: a fixed random layer with ReLU on the pixels. A blur then changes the many
directions that have almost no variance, of which few images show little. Prints one line per case:
truth, mean of plain, corrected by split halves and by the jackknife, their true standard deviation (over the repeats)
and the estimated one, and the coverage of each interval in percent.
"""

import argparse
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from metrics.arithmetic.fid_interval import jackknife, split_half
from metrics.fid import fid_of

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Draw = Callable[[int], tuple[np.ndarray, np.ndarray]]
POPULATION = 20_000


@dataclass(frozen=True)
class Gaussians:
    """Two Gaussians in their common eigenbasis; `draw(seed)` gives n rows of each."""

    dims: int
    count: int
    decay: float
    pair: Literal["same", "differ", "lacks"]

    @property
    def name(self) -> str:
        spectrum = "flat" if self.decay == 0 else f"1/k^{self.decay:g}"
        return f"gaussians {spectrum}, {self.pair}, d {self.dims}, n {self.count}"

    def parameters(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        fixed = np.random.default_rng(5)
        first = np.arange(1, self.dims + 1, dtype=float) ** -self.decay
        first *= 100 / first.sum()
        nothing = np.zeros(self.dims)
        if self.pair == "same":
            return first, first, nothing
        if self.pair == "lacks":
            return first, first * np.where(np.arange(self.dims) < self.dims // 8, 1, 0.01), nothing
        return (
            first,
            first * np.exp(0.5 * fixed.normal(size=self.dims)),
            0.3 * np.sqrt(first) * fixed.normal(size=self.dims),
        )

    def truth(self) -> float:
        first, second, step = self.parameters()
        return float(step @ step + ((np.sqrt(first) - np.sqrt(second)) ** 2).sum())

    def draw(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        first, second, step = self.parameters()
        random = np.random.default_rng(seed)
        x = random.normal(size=(self.count, self.dims)) * np.sqrt(first)
        return x, random.normal(size=(self.count, self.dims)) * np.sqrt(second) + step


@dataclass(frozen=True)
class Images:
    """Two populations of image features; `draw(seed)` gives n rows of each, disjoint where both are one population."""

    file: Path
    other: str
    count: int

    @property
    def name(self) -> str:
        return f"images real against {self.other}, d {self.population()[0].shape[1]}, n {self.count}"

    def population(self) -> tuple[np.ndarray, np.ndarray]:
        folder = self.file
        return np.load(folder / "real.npy", mmap_mode="r"), np.load(folder / f"{self.other}.npy", mmap_mode="r")

    def truth(self) -> float:
        return 0.0 if self.other == "real" else fid_of(*self.population()).fid

    def draw(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        real, other = self.population()
        random = np.random.default_rng(seed)
        rows = random.permutation(len(real))[: 2 * self.count]
        rest = rows[self.count :] if self.other == "real" else random.permutation(len(other))[: self.count]
        return np.asarray(real[rows[: self.count]], float), np.asarray(other[rest], float)


def one(case: Gaussians | Images, seed: int, with_jackknife: bool) -> list[float]:
    x, y = case.draw(seed)
    halves = split_half(x, y, seed=seed)
    grouped = jackknife(x, y, seed=seed) if with_jackknife else None
    nothing = [np.nan] * 4
    return [
        fid_of(x, y).fid,
        *(halves.value, halves.sd, halves.low, halves.high),
        *((grouped.value, grouped.sd, grouped.low, grouped.high) if grouped else nothing),
    ]


def report(case: Gaussians | Images, repeats: int, with_jackknife: bool, pool: ProcessPoolExecutor) -> None:
    seeds = range(1000, 1000 + repeats)
    found = np.array(list(pool.map(one, [case] * repeats, seeds, [with_jackknife] * repeats, chunksize=4)))
    truth = case.truth()
    line = f"{case.name:<52} truth {truth:7.2f}  plain {found[:, 0].mean():7.2f}"
    for name, first in (("split", 1), ("jackknife", 5)):
        value, sd, low, high = found[:, first : first + 4].T
        if np.isfinite(value).all():
            covered = 100 * np.mean((low <= truth) & (truth <= high))
            line += (
                f" | {name} {value.mean():7.2f} bias {value.mean() - truth:+7.2f} sd {value.std(ddof=1):6.2f}"
                f" estimated {np.sqrt((sd**2).mean()):6.2f} width {np.mean(high - low):7.2f} covers {covered:5.1f} %"
            )
    print(line, flush=True)


def gaussian_cases(dims: list[int], counts: list[int]) -> Iterator[Gaussians]:
    for d in dims:
        for n in counts:
            for decay in (1.0, 0.0):
                for pair in ("differ", "same", "lacks") if decay else ("differ", "same"):
                    yield Gaussians(d, n, decay, pair)


def image_cases(folder: Path, counts: list[int]) -> Iterator[Images]:
    for n in counts:
        for other in ("blurred", "noisy", "real"):
            yield Images(folder, other, n)


def make_features(data_root: Path, folder: Path) -> None:
    """real.npy, blurred.npy, noisy.npy: [20000, 2048] features of disjoint Fashion-MNIST training images."""
    import torch
    from torch import nn
    from torch.nn import functional

    from bench.datasets import open_dataset

    torch.manual_seed(0)
    split = open_dataset("fashion-mnist").load("train", data_root, "")
    images = torch.from_numpy(split.read(0, split.count)).float() / 255
    labels = torch.from_numpy(split.labels)
    layers: list[nn.Module] = []
    for before, after in ((1, 24), (24, 48), (48, 96)):
        layers += [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU(), nn.MaxPool2d(2)]
    body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(864, 2048), nn.ReLU())
    network = nn.Sequential(body, nn.Linear(2048, 10))
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for epoch in range(2):
        for rows in torch.randperm(len(images)).split(128):
            loss = functional.cross_entropy(network(images[rows]), labels[rows])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        print(f"epoch {epoch + 1}: loss {loss.item():.3f}", flush=True)
    network.eval()
    _store(images, body, folder)


def make_projections(data_root: Path, folder: Path, dims: int) -> None:
    """The same files, [20000, dims]: the pixels through one random layer with ReLU."""
    import torch
    from torch import nn

    from bench.datasets import open_dataset

    torch.manual_seed(0)
    split = open_dataset("fashion-mnist").load("train", data_root, "")
    images = torch.from_numpy(split.read(0, split.count)).float() / 255
    _store(images, nn.Sequential(nn.Flatten(), nn.Linear(images[0].numel(), dims), nn.ReLU()), folder)


def _store(images: "Tensor", body: "Module", folder: Path) -> None:
    """The features of real, blurred and noisy images, disjoint parts of these, with trace 100 of the real ones."""
    import torch
    from torch.nn import functional

    kernel = torch.tensor([1.0, 2.0, 1.0])
    blur = functional.conv2d(images, (kernel[:, None] * kernel / 16)[None, None], padding=1)
    noise = (images + 0.1 * torch.randn_like(images)).clamp(0, 1)
    order = torch.randperm(len(images))
    folder.mkdir(parents=True, exist_ok=True)
    scale = None
    for part, (name, these) in enumerate((("real", images), ("blurred", blur), ("noisy", noise))):
        rows = order[part * POPULATION : (part + 1) * POPULATION]
        with torch.no_grad():
            features = torch.cat([body(these[chunk]) for chunk in rows.split(500)]).numpy()
        scale = scale or 10 / np.sqrt(features.var(axis=0).sum())  # the trace of the real covariance is 100
        np.save(folder / f"{name}.npy", features * scale)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("gaussians", "features", "projections"))
    parser.add_argument("--repeats", type=int, default=200)
    parser.add_argument("--dims", default="64,512,2048")
    parser.add_argument("--counts", default="100,300,1000")
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--features", type=Path, default=Path("runs/coverage-features"), help="where they are kept")
    parser.add_argument("--no-jackknife", action="store_true")
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    counts = [int(n) for n in asked.counts.split(",")]
    dims = [int(d) for d in asked.dims.split(",")]
    if asked.what == "features" and not (asked.features / "noisy.npy").exists():
        make_features(asked.data_root, asked.features)
    folders = [asked.features]
    if asked.what == "projections":
        folders = [asked.features / f"projections-{d}" for d in dims]
        for d, folder in zip(dims, folders, strict=True):
            make_projections(asked.data_root, folder, d)
    cases = (
        gaussian_cases(dims, counts)
        if asked.what == "gaussians"
        else chain.from_iterable(image_cases(folder, counts) for folder in folders)
    )
    with ProcessPoolExecutor(asked.processes) as pool:
        for case in cases:
            report(case, asked.repeats, not asked.no_jackknife, pool)


if __name__ == "__main__":
    main()
