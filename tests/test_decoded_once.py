"""The images of a submission are decoded once: they are judged, measured and shown as they were then."""

import zipfile

import numpy as np
import pytest
from submitted import COUNT, blends, good, save

from bench.sources import decoding
from bench.sources.survey import survey

IMAGES = blends()[::-1]
NAMED = ("--track", "digits", "--name", "Blends")
SHAPE = (3, 32, 32)


@pytest.fixture(params=["folder", "zip"])
def given(request, tmp_path, monkeypatch, shared_cache):
    """Images as files, below a folder of their own; features are kept for the whole session."""
    monkeypatch.setenv("BENCH_CACHE", str(shared_cache))
    monkeypatch.chdir(tmp_path)
    folder = save(tmp_path / "samples", IMAGES)  # of no other test, so that their features are computed here
    if request.param == "folder":
        return folder
    with zipfile.ZipFile("samples.zip", "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return tmp_path / "samples.zip"


@pytest.fixture
def decoded(monkeypatch):
    """One item for each image whose pixels were decoded, whoever asked for them."""
    seen = []

    def counted(image, rgb=decoding._rgb):
        seen.append(image.size)
        return rgb(image)

    monkeypatch.setattr(decoding, "_rgb", counted)
    return seen


def test_every_image_of_a_submission_is_decoded_once_and_so_it_is_verified(given, decoded):
    good("submit", given, *NAMED)
    assert len(decoded) == COUNT
    good("verify", "digits/blends", "--images", given)
    assert len(decoded) == 2 * COUNT


def test_images_that_are_kept_are_those_that_were_decoded(given):
    seen = survey(given, 2, None, None, keep=(COUNT, *SHAPE))
    assert np.array_equal(seen.pixels[:, 0], IMAGES[:, 0])
    assert not seen.pixels.flags.writeable
    assert isinstance(seen.pixels, np.memmap), "memory must not grow with the number of images"


@pytest.mark.parametrize("keep", [None, (COUNT - 1, *SHAPE), (COUNT + 1, *SHAPE), (COUNT, 3, 32, 16)])
def test_images_of_another_number_or_size_are_not_kept(given, keep):
    seen = survey(given, 0, None, None, keep=keep)
    assert (len(seen.images), seen.pixels) == (COUNT, None)


def test_images_for_which_the_disk_has_no_room_are_looked_at_and_not_kept(given, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bench.sources.kept.write_all", full)
    seen = survey(given, 2, None, None, keep=(COUNT, *SHAPE))
    assert (len(seen.images), seen.pixels) == (COUNT, None)
    monkeypatch.setattr("bench.sources.kept.TemporaryFile", full)
    assert survey(given, 2, None, None, keep=(COUNT, *SHAPE)) == seen
