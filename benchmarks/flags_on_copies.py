"""What the signs of memorisation say of copies and of honest images on a track, and which of them are flagged.

    OMP_NUM_THREADS=1 python benchmarks/flags_on_copies.py digits --runs runs [--data-root FOLDER]

Takes the samples of train-copies (and of vae, dcgan and pixel-gaussian, where they are there) from the folders of their
runs on the track's data set, as `bench run` leaves them, and changes the copies: saved as JPEG of quality 75, moved by
one pixel, with noise of 5 of 255. Held-out images stand for a perfect honest model: one half of them against the other.
Blurred ones (1-2-1 three times), means of eight and ten that are repeated are honest models of a bad kind. Prints one
row of a table in markdown for each.
"""

import argparse
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from bench.leaderboard.open_tracks import OpenTrack, measure_of, open_track
from bench.leaderboard.tracks import find_track
from bench.measuring.copies import copies
from bench.measuring.evaluation import OPTIONS, array_source, measured
from bench.measuring.flags import flags
from bench.measuring.scoring import compute
from bench.sources import ImageSource
from bench.storage.records import slug

MODELS = ("vae", "dcgan", "pixel-gaussian")


def as_jpeg(images: np.ndarray, quality: int = 75) -> np.ndarray:
    made = []
    for image in images:
        file = io.BytesIO()
        Image.fromarray(image.transpose(1, 2, 0)).save(file, "JPEG", quality=quality)
        made.append(np.asarray(Image.open(file)).transpose(2, 0, 1))
    return np.stack(made)


def moved(images: np.ndarray) -> np.ndarray:
    return np.concatenate([images[..., :1], images[..., :-1]], axis=-1)


def noisy(images: np.ndarray, sd: float = 5.0) -> np.ndarray:
    return np.clip(images + np.random.default_rng(0).normal(0, sd, images.shape), 0, 255).round().astype(np.uint8)


def blurred(images: np.ndarray) -> np.ndarray:
    values = images.astype(float)
    for axis in (2, 3) * 3:
        values = (np.roll(values, 1, axis) + 2 * values + np.roll(values, -1, axis)) / 4
    return values.round().astype(np.uint8)


def cases(opened: OpenTrack, runs: Path) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Name, images, and the held-out images that they are compared with: uint8 [n, 3, h, w]."""
    held_out = np.stack([opened.held_out.read(i) for i in range(opened.held_out.count)])
    held_out = held_out[np.random.default_rng(7).permutation(len(held_out))]
    count, half = opened.track.count, len(held_out) // 2
    yield "held-out images", held_out[:half][:count], held_out[half:]
    copied = samples(runs, "train-copies", opened.track.subject)
    assert copied is not None, "run train-copies first"
    yield "train-copies", copied, held_out
    yield "copies, JPEG", as_jpeg(copied), held_out
    yield "copies, moved", moved(copied), held_out
    yield "copies, noise", noisy(copied), held_out
    yield "copies, moved, JPEG", as_jpeg(moved(copied)), held_out
    for model in MODELS:
        made = samples(runs, model, opened.track.subject)
        if made is not None:
            yield model, made, held_out
    yield "held-out images, blurred", blurred(held_out[:count]), held_out
    draw = np.random.default_rng(8)
    mixed = [held_out[draw.permutation(len(held_out))[:8]].mean(axis=0).round() for _ in range(count)]
    yield "mean of 8", np.stack(mixed).astype(np.uint8), held_out
    yield "10, repeated", noisy(np.repeat(held_out[:10], count // 10, axis=0)), held_out[10:]


def samples(runs: Path, model: str, subject: str) -> np.ndarray | None:
    path = runs / f"{model}-{slug(subject)}-seed0" / "samples.npz"
    if not path.is_file():
        return None
    with np.load(path) as stored:
        images = stored["arr_0"].transpose(0, 3, 1, 2)
    return np.ascontiguousarray(np.repeat(images, 3, axis=1) if images.shape[1] == 1 else images)


def features(opened: OpenTrack, source: ImageSource) -> np.ndarray:
    return opened.features(measured(opened.evaluation, source))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("track")
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--data-root", type=Path)
    asked = parser.parse_args()
    track = find_track(asked.track)
    opened = open_track(track, measure_of(track, offline=True), asked.data_root)
    train = features(opened, opened.train)
    print(f"{track.name}: {opened.train.count} training images, {opened.held_out.count} held out, {track.count} made")
    print(
        "| images | exact copies | near, pixels | near, features | AuthPct | C_T | nearest is training | z | flagged |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for name, images, held_out in cases(opened, asked.runs):
        made, real = array_source(images, name), array_source(held_out, "held out")
        sets = train, features(opened, made), features(opened, real)
        seen = compute(opened.memorisation, *sets, options=OPTIONS)
        pixels = copies(opened.whole_train, made, real)

        def share(values: dict, key: str) -> str:
            return f"{100 * values[key]:.3g} % ({100 * values[f'{key}_expected']:.3g} %)"

        print(
            f"| {name} | {100 * pixels['exact_copies']:.3g} % | {share(pixels, 'near_copies')} "
            f"| {share(seen, 'near_duplicates')} | {seen['authpct']:.0f} | {seen['c_t']:.1f} "
            f"| {share(seen, 'train_share')} | {seen['train_share_z']:.1f} "
            f"| {'yes' if flags(seen, pixels) else 'no'} |",
            flush=True,
        )


if __name__ == "__main__":
    main()
