"""Pictures of what a model makes: samples, rows per label, reconstructions, translations; fixed noise and images."""

from pathlib import Path

import numpy as np

from reference_models.loop.plots import plot_sheets, tile
from reference_models.loop.sampling import reconstruct, sample, translate
from reference_models.types import Data, Images, Model, ModelSpec

SIDE = 6  # 6 x 6 pictures, as the assignment shows them
PER_LABEL = 10
TRANSLATIONS = 4
TRIPLES = 8  # of input, output and target; two in a row


def draw(spec: ModelSpec, model: Model, data: Data, seed: int, when: str, folder: Path, suffix: str = "") -> None:
    """Write what fits the model: samples{suffix}.png, reconstructions{suffix}.png or translations{suffix}.png."""
    title = f"{spec.name} on {data.name}, {when}"
    if len(model.directions) == 1 and data.paired:
        _draw_triples(model, data, title, folder / f"translations{suffix}.png")
        return
    if model.directions:
        _draw_translations(model, data, title, folder / f"translations{suffix}.png")
        return
    if model.noise_dim and model.classes:
        rows = data.classes or tuple(map(str, range(model.classes)))
        labels = np.repeat(np.arange(model.classes), PER_LABEL)
        images = sample(model, seed, 0, len(labels), labels=labels)
        plot_sheets(folder / f"samples{suffix}.png", [("", tile(images, PER_LABEL))], title, rows=rows)
    elif model.noise_dim:
        images = sample(model, seed, 0, SIDE * SIDE)
        plot_sheets(folder / f"samples{suffix}.png", [("", tile(images, SIDE))], title)
    if spec.task == "reconstruct":
        real = spread((data.test or data.train)[0], SIDE * SIDE)
        sheets = [("real", tile(real, SIDE)), ("reconstructed", tile(reconstruct(model, real), SIDE))]
        plot_sheets(folder / f"reconstructions{suffix}.png", sheets, title)


def draw_quartets(spec: ModelSpec, model: Model, data: Data, folder: Path) -> None:
    """Four 2 x 2 figures real X, fake Y / real Y, fake X: translation-1.png to translation-4.png."""
    if set(model.directions) != {"x-to-y", "y-to-x"}:
        return
    x, y, fake_y, fake_x = _translated(model, data)
    names = domain_names(data)
    for place in range(len(x)):
        upper, lower = np.stack([x[place], fake_y[place]]), np.stack([y[place], fake_x[place]])
        sheet = tile(np.concatenate([upper, lower]), 2)
        columns = (f"real {names[0]} / {names[1]}", f"generated {names[1]} / {names[0]}")
        title = f"{spec.name} on {data.name}"
        plot_sheets(folder / f"translation-{place + 1}.png", [("", sheet)], title, columns=columns)


def spread(images: Images, count: int) -> np.ndarray:
    """uint8 [count, c, h, w]: images evenly spread over the set, so that sorted classes all appear."""
    rows = np.linspace(0, images.count - 1, count).round().astype(int)
    return np.asarray(images.take(rows))


def _draw_translations(model: Model, data: Data, title: str, path: Path) -> None:
    x, y, fake_y, fake_x = _translated(model, data)
    name_x, name_y = domain_names(data)
    shown = {f"real {name_x}": x, f"generated {name_y}": fake_y, f"real {name_y}": y, f"generated {name_x}": fake_x}
    kept = {name: images for name, images in shown.items() if len(images)}
    rows = np.stack(list(kept.values()), axis=1)  # row, column, c, h, w
    plot_sheets(path, [("", tile(rows.reshape(-1, *rows.shape[2:]), len(kept)))], title, columns=tuple(kept))


def triples(model: Model, data: Data) -> tuple[np.ndarray, tuple[str, str, str]]:
    """Input, output and target [n, 3, c, h, w] of a model that translates one way between pairs, and what they show."""
    direction = model.directions[0]
    source, target = (0, 1) if direction == "x-to-y" else (1, 0)
    names = domain_names(data)
    given, wanted = (spread((data.test or data.train)[domain], TRIPLES) for domain in (source, target))
    shown = np.stack([given, translate(model, given, direction), wanted], axis=1)
    return shown, (f"input {names[source]}", f"output {names[target]}", f"target {names[target]}")


def _draw_triples(model: Model, data: Data, title: str, path: Path) -> None:
    shown, columns = triples(model, data)
    sheet = tile(shown.reshape(-1, *shown.shape[2:]), 2 * len(columns))
    plot_sheets(path, [("", sheet)], title, columns=2 * columns)


def _translated(model: Model, data: Data) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Real X, real Y, generated Y, generated X; empty where the model knows no such direction."""
    x, y = (spread(images, TRANSLATIONS) for images in (data.test or data.train))
    fake_y = translate(model, x, "x-to-y") if "x-to-y" in model.directions else x[:0]
    fake_x = translate(model, y, "y-to-x") if "y-to-x" in model.directions else y[:0]
    return x, y, fake_y, fake_x


def domain_names(data: Data) -> tuple[str, str]:
    """What pictures call X and Y."""
    return (data.domains[0], data.domains[1]) if len(data.domains) == 2 else ("x", "y")
