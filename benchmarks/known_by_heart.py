"""What the discriminator of a trained GAN says of the images that it learned from, of held-out and of generated ones.

    OMP_NUM_THREADS=1 python benchmarks/known_by_heart.py RUN... [--data-root FOLDER] [--n 992]

RUN is a folder of `bench run`. A discriminator that judges faces calls as many held-out as training images real; one
that knows its training images by heart does not. Batches of 32 of one kind, with the statistics of the batch, as in
training. Prints one row of a table in markdown for each run: the shares with D(x) > 1/2. For GANs with cross-entropy.
"""

import argparse
from pathlib import Path

import numpy as np
import torch

from bench.exploring import open_run
from reference_models.blocks.gan_pair import GanPair
from reference_models.loop.images import to_float

BATCH = 32


@torch.no_grad()
def called_real(discriminator: torch.nn.Module, images: torch.Tensor) -> float:
    """The share of images [n, c, h, w] in [-1, 1] that it thinks more likely real than not."""
    return float((torch.cat([discriminator(batch) for batch in images.split(BATCH)]) > 0).float().mean())


def drawn(count: int, n: int, draw: np.random.Generator) -> np.ndarray:
    """n of `count` rows; some of them several times where there are fewer."""
    return draw.choice(count, n, replace=count < n)


def row(run: Path, root: Path | None, n: int) -> str:
    opened, draw = open_run(run, data_root=root), np.random.default_rng(0)
    model, shares = opened.loaded.model, []
    if not isinstance(model, GanPair):
        raise SystemExit(f"{run}: {opened.loaded.spec.name} has no discriminator; give a GAN of one generator")
    torch.manual_seed(0)
    discriminator = model.discriminator.train()
    for split in (opened.train_split, "test"):
        images = opened.split(split)
        shares.append(called_real(discriminator, to_float(torch.from_numpy(images.take(drawn(images.count, n, draw))))))
    with torch.no_grad():
        made = torch.cat([model.generator(torch.randn(BATCH, model.noise_dim)) for _ in range(n // BATCH)])
    shares.append(called_real(discriminator, made))
    data = f"{opened.subject.name}:{opened.train_split}"
    return f"| `{opened.loaded.spec.name}` | `{data}` | {' | '.join(f'{share:.0%}' for share in shares)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("runs", nargs="+", type=Path)
    parser.add_argument("--data-root", type=Path)
    parser.add_argument("--n", type=int, default=992)
    asked = parser.parse_args()
    print("| model | data | training images | held out | generated |\n|---|---|---:|---:|---:|")
    for run in asked.runs:
        print(row(run, asked.data_root, asked.n))


if __name__ == "__main__":
    main()
