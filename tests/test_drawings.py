"""Which pictures a training draws of which model, what stands in them, and how they are laid out."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_training import DATA, ArrayImages, exploding, numbered

from reference_models.errors import ModelError
from reference_models.loop import plots as _plots
from reference_models.loop import sample
from reference_models.loop.film import Film, draw_film, strips
from reference_models.loop.grids import draw, draw_quartets, spread
from reference_models.loop.plots import draw_curves, plot_curves, plot_sheets, tile
from reference_models.types import Data, ImageShape, Model

# ----- layout


@pytest.fixture
def figures(monkeypatch):
    """Figures that would be written, by the names of their files."""
    found = {}
    monkeypatch.setattr(_plots, "save_png", lambda figure, path: found.update({path.name: figure}))
    return found


def grey(height, width):
    return np.full((height, width, 3), 100, np.uint8)


LAYOUTS = {  # sheets, title, columns, rows; size of the picture; left, bottom, width and height of each sheet
    "one": ([("", grey(10, 8))], "t", (), (), (360, 466), [(12, 12, 336, 420)]),
    "two with captions": (
        [("", grey(200, 300)), ("b", grey(100, 150))],
        "t", (), (), (12 + 600 + 18 + 300 + 12, 52 + 400 + 12), [(12, 12, 600, 400), (630, 212, 300, 200)],
    ),
    "columns": ([("", grey(300, 40))], "t", ("ab", "cd"), (), (64, 364), [(12, 12, 40, 300)]),
    "long columns": ([("", grey(300, 40))], "t", ("abc", "d"), (), (104, 664), [(12, 12, 80, 600)]),
    "a long caption": ([("abcd", grey(300, 15))], "t", (), (), (54, 664), [(12, 12, 30, 600)]),
    "rows": ([("", grey(300, 40))], "t", (), ("a", "bcd"), (12 + 29 + 40 + 12, 346), [(41, 12, 40, 300)]),
    "a long title": ([("", grey(300, 40))], "t" * 20, (), (), (184, 346), [(12, 12, 40, 300)]),
    "higher than the screen": ([("", grey(500, 40))], "t", (), (), (64, 546), [(12, 12, 40, 500)]),
    "the narrowest decides": (
        [("abcde", grey(300, 12)), ("", grey(300, 99))],
        "t", (), (), (12 + 36 + 18 + 297 + 12, 52 + 900 + 12), [(12, 12, 36, 900), (66, 12, 297, 900)],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", LAYOUTS)
def test_pictures_are_enlarged_by_a_whole_factor_and_leave_room_for_words(name, figures, tmp_path):
    sheets, title, columns, rows, size, boxes = LAYOUTS[name]
    plot_sheets(tmp_path / "a.png", sheets, title, columns=columns, rows=rows)
    figure = figures["a.png"]
    pixels = figure.get_size_inches() * figure.dpi
    assert pixels == pytest.approx(size)
    assert figure.dpi == 100
    assert [tuple(axes.get_position().bounds * np.tile(pixels, 2)) for axes in figure.axes] == [
        pytest.approx(box) for box in boxes
    ]
    for axes, (_, sheet) in zip(figure.axes, sheets, strict=True):
        assert np.array_equal(axes.images[0].get_array(), sheet)
        assert (axes.images[0].get_interpolation(), axes.get_aspect(), axes.axison) == ("nearest", "auto", False)
    (head,) = figure.texts
    assert (head.get_text(), head.get_position() * pixels) == (title, pytest.approx((12, size[1] - 12)))


def test_captions_and_columns_stand_above_and_rows_beside_the_first_picture(figures, tmp_path):
    plot_sheets(tmp_path / "a.png", [("", grey(50, 90)), ("b", grey(50, 90))], "t", columns=("x", "y"), rows=("k", "l"))
    first, second = (
        [(*text.get_position(), text.get_text(), text.get_ha()) for text in axes.texts]
        for axes in figures["a.png"].axes
    )
    high, wide = 50 * 8, 90 * 8
    above = 1 + 5 / high
    assert first == [
        (0.25, above, "x", "center"), (0.75, above, "y", "center"),
        (-6 / wide, 0.75, "k", "right"), (-6 / wide, 0.25, "l", "right"),
    ]  # fmt: skip
    assert second == [(0.5, above, "b", "center")]
    assert all(text.get_transform() is axes.transAxes for axes in figures["a.png"].axes for text in axes.texts)


@pytest.mark.parametrize(("names", "legend"), [(["a"], False), (["a", "b"], True)])
def test_curves_are_named_where_there_are_several(names, legend, figures, tmp_path):
    curve = {"step": np.arange(3.0), "a": np.array([0.0, 1, 2]), "b": np.array([4.0, 4, 4])}
    plot_curves(tmp_path / "a.png", curve, names, "the title", "loss")
    (axes,) = figures["a.png"].axes
    assert figures["a.png"].get_size_inches().tolist() == [6.4, 3.8]
    assert [line.get_linewidth() for line in axes.lines] == [1.6] * len(names)
    assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()) == ("the title", "step", "loss")
    assert [line.get_label() for line in axes.lines] == names
    assert len({line.get_color() for line in axes.lines}) == len(names)
    assert axes.get_legend() is None  # it would hide a part of the curves
    assert bool(figures["a.png"].legends) is legend
    assert [side for side, spine in axes.spines.items() if spine.get_visible()] == ["left", "bottom"]
    assert axes.get_ylim() == pytest.approx((-0.19, 4.19) if legend else (-0.0895, 2.0895), abs=0.02)


class Axes:
    """What is drawn, as matplotlib is told."""

    def __init__(self):
        self.drawn = []

    def plot(self, steps, values, **style):
        self.drawn.append((len(steps), steps[-1], values[-1], style.get("label")))


def limits(values):
    axes = Axes()
    found = draw_curves(axes, {"step": np.arange(len(values)), "a": np.asarray(values, float)}, ["a"])
    return found, axes.drawn


def test_a_long_curve_is_drawn_faintly_below_its_running_mean_over_a_fiftieth():
    assert [label for *_, label in limits(np.zeros(99))[1]] == ["a"]
    assert limits([0.0] * 99 + [1.0])[1] == [(100, 99, 1.0, None), (100, 99, 0.5, "a")]
    assert limits(np.arange(5000))[1] == [(2000, 4999, 4999.0, None), (2000, 4999, 4999 - 49.5, "a")]


def test_steps_without_a_value_are_left_out_of_a_curve():
    assert limits([1.0, np.nan, 3.0, np.nan])[1] == [(2, 2, 3.0, "a")]


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [([5.0, 5.0], 4.75, 5.25), ([-4.0], -4.2, -3.8), ([0.0], -0.05, 0.05), ([0.5], 0.45, 0.55)],
)
def test_a_flat_curve_has_room_above_and_below(values, low, high):
    assert limits(values)[0][:2] == pytest.approx((low, high))


@pytest.mark.parametrize("values", [[900.0, 3, 2, 1, *[1.0] * 500], [*[0.0, 1] * 500, 1000, -1000], [3.0, 1, 2]])
def test_no_value_is_cut_by_the_frame_of_its_curve(values):
    (low, high, _), _ = limits(values)
    assert low < min(values) and high > max(values)


def test_an_axis_is_logarithmic_beyond_the_usual_values_where_a_few_others_would_press_them(figures, tmp_path):
    values = np.tile([0.0, 1.0], 500)
    assert limits(values)[0].linear is None
    values[[500, 501]] = 1000, -1000
    assert limits(values)[0].linear == 1
    plot_curves(tmp_path / "a.png", {"step": np.arange(1000), "a": values}, ["a"], "t", "loss")
    assert [axes.get_yscale() for axes in figures["a.png"].axes] == ["symlog"]
    plot_curves(tmp_path / "a.png", {"step": np.arange(3), "a": np.arange(3.0)}, ["a"], "t", "loss")
    assert [axes.get_yscale() for axes in figures["a.png"].axes] == ["linear"]


def test_the_moments_of_a_film_that_are_nearest_to_steps(tmp_path):
    film = Film(tmp_path / "film.npz", -1)
    assert film.nearest([5]) == ([], {})
    for step in (0, 10, 20):
        film.append(step, {"samples": np.full((2, 1, 4, 4), step, np.uint8)})
    steps, found = film.nearest([18, 3, 4, 900])
    assert steps == [0, 20] and found["samples"][:, 0, 0, 0, 0].tolist() == [0, 20]
    assert film.steps == (0, 10, 20)


# ----- which pictures


class Shown(Model):
    """Images that show what they were made of: noise and label, an image and the way that it goes."""

    def __init__(self, noise_dim=0, classes=0, directions=()):
        super().__init__()
        self.noise_dim, self.classes, self.directions, self.optimisers = noise_dim, classes, directions, {}

    def sample(self, noise, labels=None):
        value = (noise > 0).sum(dim=1) + (100 if labels is None else 10 * labels)
        return value.to(torch.uint8)[:, None, None, None].expand(-1, 1, 16, 16)

    def translate(self, images, direction):
        return 255 - images if direction == "x-to-y" else 200 - images

    def reconstruct(self, images):
        return images + 50


@pytest.fixture
def sheets(monkeypatch):
    """What would be drawn, by the names of the files: sheets, title, columns, rows."""
    found = {}

    def note(path, sheets, title, *, columns=(), rows=()):
        found[path.name] = (sheets, title, tuple(columns), tuple(rows))

    monkeypatch.setattr("reference_models.loop.grids.plot_sheets", note)
    monkeypatch.setattr("reference_models.loop.film.plot_sheets", note)
    return found


def same(found, expected):
    """The pictures of both have the same captions and the same values."""
    assert [caption for caption, _ in found] == [caption for caption, _ in expected]
    for (_, one), (_, other) in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)
    return True


def of_task(task):
    return replace(exploding(), task=task)


TRAINED, TESTED = numbered(40), ArrayImages(100 + numbered(40).array)
TWO = (numbered(20), ArrayImages(60 + numbered(20).array))
TWO_TESTED = (ArrayImages(100 + numbered(20).array), ArrayImages(150 + numbered(20).array))
PAIRS = replace(DATA, train=TWO, domains=("photo", "sketch"), paired=True)


def test_samples_stand_in_a_square_of_six(sheets, tmp_path):
    model = Shown(noise_dim=4)
    draw(of_task("generate"), model, DATA, 3, "step 5", tmp_path, "-5")
    ((found, *words),) = sheets.values()
    assert list(sheets) == ["samples-5.png"]
    assert same(found, [("", tile(sample(model, 3, 0, 36), 6))])
    assert words == ["exploding on numbered, step 5", (), ()]


@pytest.mark.parametrize(("classes", "rows"), [(("nought", "one"), ("nought", "one")), ((), ("0", "1"))])
def test_samples_of_labels_stand_in_rows_of_ten(classes, rows, sheets, tmp_path):
    model = Shown(noise_dim=4, classes=2)
    draw(of_task("class-conditional"), model, replace(DATA, classes=classes), 3, "", tmp_path)
    found, _, columns, found_rows = sheets["samples.png"]
    labels = np.array([0] * 10 + [1] * 10)
    assert same(found, [("", tile(sample(model, 3, 0, 20, labels=labels), 10))])
    assert (columns, found_rows) == ((), rows)


@pytest.mark.parametrize("noise_dim", [0, 4])
@pytest.mark.parametrize("test", [(), (TESTED,)])
def test_reconstructions_stand_beside_test_images_where_there_are_some(noise_dim, test, sheets, tmp_path):
    data = replace(DATA, train=(TRAINED,), test=test)
    draw(of_task("reconstruct"), Shown(noise_dim), data, 0, "", tmp_path)
    assert set(sheets) == {"reconstructions.png"} | ({"samples.png"} if noise_dim else set())
    real = spread(TESTED if test else TRAINED, 36)
    expected = [("real", tile(real, 6)), ("reconstructed", tile(real + 50, 6))]
    assert same(sheets["reconstructions.png"][0], expected)


def test_images_are_spread_over_a_set_from_first_to_last():
    assert spread(numbered(11), 3)[:, 0, 0, 0].tolist() == [0, 5, 10]
    assert spread(numbered(2), 4)[:, 0, 0, 0].tolist() == [0, 0, 1, 1]


BOTH = ("x-to-y", "y-to-x")
WAYS = {  # directions, and the columns of the picture
    "x-to-y": (("x-to-y",), ("real photo", "generated sketch", "real sketch")),
    "y-to-x": (("y-to-x",), ("real photo", "real sketch", "generated photo")),
    "both": (BOTH, ("real photo", "generated sketch", "real sketch", "generated photo")),
}


@pytest.mark.parametrize("test", [(), TWO_TESTED])
@pytest.mark.parametrize("name", WAYS)
def test_translations_stand_beside_what_they_were_made_of(name, test, sheets, tmp_path):
    ways, columns = WAYS[name]
    data = replace(PAIRS, test=test, paired=name == "both")  # one way between pairs has a picture of its own
    draw(of_task("unpaired"), Shown(4, directions=ways), data, 0, "now", tmp_path)
    x, y = (spread(images, 4) for images in (test or TWO))
    known = dict(zip(WAYS["both"][1], (x, 255 - x, y, 200 - y), strict=True))
    rows = np.stack([known[column] for column in columns], axis=1).reshape(-1, 1, 16, 16)
    assert list(sheets) == ["translations.png"]
    found, title, found_columns, _ = sheets["translations.png"]
    assert same(found, [("", tile(rows, len(columns)))])
    assert (title, found_columns) == ("exploding on numbered, now", columns)


def test_one_way_between_pairs_shows_two_triples_in_a_row(sheets, tmp_path):
    draw(of_task("paired"), Shown(directions=("x-to-y",)), PAIRS, 0, "", tmp_path)
    ((sheet,), _, columns, _) = sheets["translations.png"]
    x, y = (spread(images, 8) for images in TWO)
    assert same([sheet], [("", tile(np.stack([x, 255 - x, y], axis=1).reshape(-1, 1, 16, 16), 6))])
    assert columns == 2 * ("input photo", "output sketch", "target sketch")


@pytest.mark.parametrize(("domains", "names"), [(("photo", "sketch"), ("photo", "sketch")), ((), ("x", "y"))])
def test_both_ways_end_in_four_quartets(domains, names, sheets, tmp_path):
    draw_quartets(of_task("unpaired"), Shown(directions=BOTH), replace(PAIRS, domains=domains), tmp_path)
    assert list(sheets) == [f"translation-{place}.png" for place in (1, 2, 3, 4)]
    x, y = (spread(images, 4) for images in TWO)
    for place, (found, title, columns, _) in enumerate(sheets.values()):
        four = np.stack([x[place], 255 - x[place], y[place], 200 - y[place]])
        assert same(found, [("", tile(four, 2))])
        assert columns == (f"real {names[0]} / {names[1]}", f"generated {names[1]} / {names[0]}")
        assert title == "exploding on numbered"


@pytest.mark.parametrize("ways", [(), ("x-to-y",), ("y-to-x",)])
def test_one_way_ends_in_no_quartets(ways, sheets, tmp_path):
    draw_quartets(of_task("unpaired"), Shown(directions=ways), PAIRS, tmp_path)
    assert sheets == {}


# ----- the film


@pytest.mark.parametrize(("classes", "followed"), [(0, 36), (3, 3), (10, 10), (11, 10)])
def test_a_film_follows_one_sample_of_each_label_and_no_more_than_ten(classes, followed):
    assert len(strips(of_task("generate"), Shown(4, classes), DATA, 0)["samples"]) == followed


def test_a_film_follows_what_the_model_makes():
    both = strips(of_task("unpaired"), Shown(4, directions=BOTH), replace(PAIRS, test=TWO_TESTED), 0)
    x, y = (spread(images, 3) for images in TWO_TESTED)
    assert set(both) == set(BOTH)
    assert np.array_equal(both["x-to-y"], 255 - x)
    assert np.array_equal(both["y-to-x"], 200 - y)
    code = strips(of_task("reconstruct"), Shown(), replace(DATA, train=(TRAINED,)), 0)
    assert set(code) == {"reconstructions"}
    assert np.array_equal(code["reconstructions"], spread(TRAINED, 6) + 50)
    assert set(strips(of_task("reconstruct"), Shown(4), DATA, 0)) == {"samples", "reconstructions"}
    assert strips(of_task("generate"), Shown(), DATA, 0) == {}


@pytest.mark.parametrize(
    ("height", "width", "expected"),
    [(128, 128, (128, 128)), (128, 129, (64, 64)), (256, 100, (128, 50)), (257, 8, (85, 2))],
)
def test_images_of_a_film_are_averaged_down_beyond_128_pixels_a_side(height, width, expected):
    images = ArrayImages(np.full((2, 1, height, width), 7, np.uint8))
    data = Data("large", ImageShape(1, height, width), (images, images))
    found = strips(of_task("unpaired"), Shown(directions=("x-to-y",)), data, 0)["x-to-y"]
    assert found.shape == (3, 1, *expected)
    assert (found == 248).all()


def test_a_mean_of_a_film_that_lies_between_two_values_is_rounded_up():
    images = ArrayImages(np.tile(np.array([7, 8], np.uint8), (2, 1, 130, 65)))
    data = Data("large", ImageShape(1, 130, 130), (images, images))
    found = strips(of_task("unpaired"), Shown(directions=("x-to-y",)), data, 0)["x-to-y"]
    assert found.shape == (3, 1, 65, 65)
    assert (found == 248).all()  # of 247 and 248


def filmed(path, moments, **arrays):
    film = Film(path / "film.npz", -1)
    for step in range(moments):
        film.append(step, {name: array + step for name, array in arrays.items()})
    return film


def test_samples_over_the_training_stand_in_rows_of_six_and_the_last_five_in_squares(sheets, tmp_path):
    made = numbered(36).array
    draw_film(of_task("generate"), DATA, filmed(tmp_path, 7, samples=made), tmp_path)
    steps = [0, 1, 2, 4, 5, 6]
    moments = tuple(f"step {step}" for step in steps)
    found, title, columns, rows = sheets["samples-over-training.png"]
    assert same(found, [("", tile(np.concatenate([made[:6] + step for step in steps]), 6))])
    assert (title, columns, rows) == ("exploding on numbered over its training", (), moments)
    squares = [(f"step {step}", tile(made + step, 6)) for step in steps[1:]]
    assert same(sheets["sample-grids.png"][0], squares)


def test_samples_of_labels_over_the_training_stand_below_their_labels(sheets, tmp_path):
    made = numbered(3).array
    data = replace(DATA, classes=("a", "b", "c", "d"))
    draw_film(of_task("class-conditional"), data, filmed(tmp_path, 2, samples=made), tmp_path)
    assert list(sheets) == ["samples-over-training.png"]
    found, _, columns, rows = sheets["samples-over-training.png"]
    assert same(found, [("", tile(np.concatenate([made, made + 1]), 3))])
    assert (columns, rows) == (("a", "b", "c"), ("step 0", "step 1"))


@pytest.mark.parametrize("paired", [True, False])
def test_translations_over_the_training_stand_between_their_inputs_and_targets(paired, sheets, tmp_path):
    made = numbered(3).array
    data = replace(PAIRS, paired=paired)
    draw_film(of_task("unpaired"), data, filmed(tmp_path, 2, **dict.fromkeys(BOTH, made)), tmp_path)
    found, _, _, rows = sheets["translations-over-training.png"]
    x, y = (spread(images, 3) for images in TWO)
    below = ([y], [x]) if paired else ([], [])
    expected = [
        ("photo to sketch", tile(np.concatenate([x, made, made + 1, *below[0]]), 3)),
        ("sketch to photo", tile(np.concatenate([y, made, made + 1, *below[1]]), 3)),
    ]
    assert list(sheets) == ["translations-over-training.png"]
    assert same(found, expected)
    assert rows == ("real", "step 0", "step 1", *(["target"] if paired else []))


def test_reconstructions_over_the_training_stand_below_their_originals(sheets, tmp_path):
    made = numbered(6).array
    data = replace(DATA, train=(TRAINED,))
    draw_film(of_task("reconstruct"), data, filmed(tmp_path, 2, reconstructions=made), tmp_path)
    found, _, _, rows = sheets["reconstructions-over-training.png"]
    assert same(found, [("", tile(np.concatenate([spread(TRAINED, 6), made, made + 1]), 6))])
    assert rows == ("real", "step 0", "step 1")


def test_a_moment_that_a_film_has_is_not_replaced(tmp_path):
    film = filmed(tmp_path, 2, samples=numbered(2).array)
    film.append(1, {"samples": numbered(2).array + 99})
    assert film.chosen(6)[1]["samples"][1, :, 0, 0, 0].tolist() == [1, 2]


def test_a_film_goes_on_after_the_last_step_of_its_checkpoint(tmp_path):
    filmed(tmp_path, 4, samples=numbered(2).array)
    assert Film(tmp_path / "film.npz", 2).chosen(9)[0] == [0, 1, 2]
    assert Film(tmp_path / "film.npz", -1).chosen(9) == ([], {})


def test_a_film_of_fewer_moments_than_steps_is_damaged(tmp_path):
    np.savez(tmp_path / "film.npz", steps=[0, 1], samples=numbered(1).array[None])
    with pytest.raises(ModelError, match="other numbers of moments than steps"):
        Film(tmp_path / "film.npz", 5)
