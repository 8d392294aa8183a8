"""All pictures of a run on one page: what stands where, how large it may be, and that none of results is larger."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.tables.picture_page import FITS, GAP, WIDTH, picture_page, shown, write_page
from metrics.errors import InputError

ROOT = Path(__file__).resolve().parent.parent
MOST_BYTES = 150_000
COLOURS = {"samples": "red", "reconstructions": "lime", "losses": "blue", "beta": "black"}


def draw(folder, sizes):
    for name, size in sizes.items():
        Image.new("RGB", size, COLOURS.get(name, "grey")).save(folder / f"{name}.png")
    return list(folder.glob("*.png"))


def opened(pictures):
    return Image.open(BytesIO(picture_page(pictures))).convert("RGB")


def test_images_come_first_and_the_losses_before_other_curves(tmp_path):
    page = opened(draw(tmp_path, dict.fromkeys(("beta", "losses", "samples", "reconstructions"), (40, 30))))
    assert page.size == (2 * 40 + GAP, 2 * 30 + GAP)
    found = [page.getpixel((20 + x * (40 + GAP), 15 + y * (30 + GAP))) for y in (0, 1) for x in (0, 1)]
    asked = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (0, 0, 0)]
    assert np.abs(np.subtract(found, asked)).max() < 12  # WebP loses a little


def test_what_does_not_fit_beside_another_stands_below_it(tmp_path):
    page = opened(draw(tmp_path, {"losses": (WIDTH - 50, 30), "beta": (40, 20)}))
    assert page.size == (WIDTH - 50, 30 + GAP + 20)


def test_what_fits_exactly_stands_beside(tmp_path):
    assert opened(draw(tmp_path, {"losses": (WIDTH - 40 - GAP, 30), "beta": (40, 20)})).size == (WIDTH, 30)


def test_a_picture_wider_than_the_page_is_made_to_fit(tmp_path):
    assert opened(draw(tmp_path, {"samples": (2 * WIDTH, 60)})).size == (WIDTH, 30)


def test_the_same_pictures_give_the_same_page_in_any_order(tmp_path):
    pictures = draw(tmp_path, {"samples": (40, 30), "losses": (20, 20)})
    assert picture_page(pictures) == picture_page(pictures[::-1])


def test_a_page_of_much_detail_is_written_at_a_lower_quality(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (300, 300, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "samples.png")
    at_best = BytesIO()
    Image.fromarray(noise).save(at_best, "WEBP", quality=80)
    assert at_best.tell() > FITS > len(picture_page([tmp_path / "samples.png"]))


def test_what_another_picture_shows_smaller_has_no_room_on_a_page():
    drawn = [Path(f"{name}.png") for name in ("samples", "sample-grids", "translations", "translation-1")]
    assert [path.stem for path in shown(drawn)] == ["samples", "translations"]


def test_a_picture_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "samples.png").write_bytes(b"no picture")
    with pytest.raises(InputError, match=r"samples\.png"):
        write_page(tmp_path / "page.webp", [tmp_path / "samples.png"])
    assert not (tmp_path / "page.webp").exists()


def test_no_picture_of_the_project_is_larger_than_150_kb():
    files = [path for place in ("docs", "results") for path in (ROOT / place).rglob("*.*")]
    pictures = [path for path in files if path.suffix in (".png", ".webp")]
    assert len(pictures) > 100
    assert [path.name for path in pictures if path.stat().st_size > MOST_BYTES] == []
