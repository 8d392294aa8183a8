"""Folders as image sources: order, content hashes, limits, notes, reading in threads, and every kind of bad folder."""

import shutil
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bench.sources import ImageSource, iterate, open_source
from metrics.errors import InputError


def picture(seed: int, height: int = 8, width: int = 8) -> np.ndarray:
    return np.random.RandomState(seed).randint(0, 256, (height, width, 3), np.uint8)


def fill(folder: Path, names: list[str]) -> Path:
    """One random image per name; the same name always gets the same pixels."""
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(sum(name.encode()))).save(path)
    return folder


NUMBERED = [f"{i:03d}.png" for i in range(21)]


def test_a_folder_is_read_in_the_order_of_its_paths_with_folders_inside(tmp_path):
    source = open_source(fill(tmp_path / "cats", ["b.png", "a/z.png", "a/b/c.bmp", "B.PNG"]))
    assert (source.name, source.kind, source.count) == ("cats", "folder", 4)
    assert source.keys == ("B.PNG", "a/b/c.bmp", "a/z.png", "b.png")
    assert np.array_equal(source.read(2), picture(sum(b"a/z.png")).transpose(2, 0, 1))


def test_a_folder_is_given_as_text_or_as_a_path(tmp_path):
    fill(tmp_path, ["a.png"])
    assert open_source(str(tmp_path)).digest == open_source(tmp_path).digest


def test_hidden_files_are_ignored_and_other_files_counted(tmp_path):
    fill(tmp_path, ["a.png", ".b.png", ".thumbs/c.png"])
    (tmp_path / "readme.txt").write_text("hello")
    (tmp_path / "labels.csv").write_text("1")
    source = open_source(tmp_path)
    assert source.keys == ("a.png",)
    assert source.notes == ("other files: 2 files of other kinds (1 .csv, 1 .txt) ignored",)


def test_a_renamed_folder_has_the_same_digest(tmp_path):
    before = open_source(fill(tmp_path / "one", ["a.png", "b.png"])).digest
    (tmp_path / "one").rename(tmp_path / "two")
    assert open_source(tmp_path / "two").digest == before


def test_touching_a_file_keeps_the_digest(tmp_path):
    fill(tmp_path, ["a.png"])
    before = open_source(tmp_path).digest
    (tmp_path / "a.png").touch()
    assert open_source(tmp_path).digest == before


def test_one_changed_byte_gives_another_digest(tmp_path):
    fill(tmp_path, ["a.bmp", "b.bmp"])
    before = open_source(tmp_path).digest
    data = bytearray((tmp_path / "b.bmp").read_bytes())
    data[-1] ^= 1
    (tmp_path / "b.bmp").write_bytes(data)
    assert open_source(tmp_path).digest != before


def test_the_same_images_in_another_order_have_another_digest(tmp_path):
    one, other = fill(tmp_path / "one", ["a.png", "b.png"]), tmp_path / "other"
    other.mkdir()
    shutil.copy(one / "a.png", other / "2.png")
    shutil.copy(one / "b.png", other / "1.png")
    assert open_source(one).digest != open_source(other).digest
    assert sorted(open_source(one).hashes) == sorted(open_source(other).hashes)


def test_names_that_are_not_utf8_can_be_printed(tmp_path):
    try:
        (tmp_path / "x\udcff.png").write_bytes(fill(tmp_path / "y", ["a.png"]).joinpath("a.png").read_bytes())
    except (OSError, UnicodeError):
        pytest.skip("this file system takes UTF-8 names only")
    assert r"x\xff.png" in ascii_free(open_source(tmp_path).keys)


def ascii_free(keys: tuple[str, ...]) -> list[str]:
    return [key.encode().decode() for key in keys]  # raises for a surrogate


# ---- limit


def test_a_limit_draws_without_replacement_and_keeps_the_order(tmp_path):
    source = open_source(fill(tmp_path, NUMBERED), limit=7, seed=3)
    expected = np.sort(np.random.RandomState(3).choice(21, 7, replace=False))
    assert source.keys == tuple(NUMBERED[i] for i in expected)
    assert np.array_equal(source.read(6), picture(sum(source.keys[6].encode())).transpose(2, 0, 1))
    assert "limit: 7 images drawn with seed 3" in source.notes


def test_a_limit_is_not_the_first_images_and_depends_on_the_seed_only(tmp_path):
    fill(tmp_path, NUMBERED)
    first, again, other = (open_source(tmp_path, limit=7, seed=seed).keys for seed in (0, 0, 1))
    assert first == again != other
    assert first != tuple(NUMBERED[:7])


def test_a_limit_of_all_images_is_the_whole_set(tmp_path):
    fill(tmp_path, NUMBERED)
    assert open_source(tmp_path, limit=21).digest == open_source(tmp_path).digest


@pytest.mark.parametrize(
    ("limit", "said"),
    [(22, "--limit 22 of .*has 21 images"), (0, "limit is 0; expected at least 1"), (-1, "limit is -1; expected")],
)
def test_a_limit_that_cannot_be_met_is_an_error(tmp_path, limit, said):
    with pytest.raises(InputError, match=said):
        open_source(fill(tmp_path, NUMBERED), limit=limit)


# ---- notes


def test_lossy_files_are_noted_with_their_count(tmp_path):
    fill(tmp_path, ["a.png", "b.jpg", "c.jpeg"])
    Image.fromarray(picture(0)).save(tmp_path / "d.webp", quality=80)
    (note,) = open_source(tmp_path).notes
    assert note.startswith("lossy: 3 of 4 files") and "2 JPEG, 1 WEBP" in note


def test_mixed_sizes_are_noted(tmp_path):
    fill(tmp_path, ["a.png", "b.png"])
    Image.fromarray(picture(0, 16, 4)).save(tmp_path / "c.png")
    (note,) = open_source(tmp_path).notes
    assert note == "mixed sizes: 2 sizes, 2 of 3 files are 8x8; each is resized separately"
    assert [open_source(tmp_path).read(i).shape for i in (0, 2)] == [(3, 8, 8), (3, 16, 4)]


@pytest.mark.parametrize(("colour", "words"), [(0, "all files are"), (1, "2 of 3 files are")])
def test_grey_files_are_noted(tmp_path, colour, words):
    for name in "ab":
        Image.fromarray(picture(1)[:, :, 0]).save(tmp_path / f"{name}.png")
    fill(tmp_path, ["c.png"][:colour])
    (note,) = open_source(tmp_path).notes
    assert note == f"grey: {words} stored in grey and repeated to three channels"


def test_transparent_files_are_noted(tmp_path):
    Image.new("RGBA", (4, 4)).save(tmp_path / "a.png")
    assert open_source(tmp_path).notes == ("transparent: 1 of 1 files store transparency and are composited on white",)


def test_of_a_gif_the_first_frame_is_used_and_its_few_colours_are_noted(tmp_path):
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:])
    source = open_source(tmp_path)
    assert source.read(0)[:, 0, 0].tolist() == [255, 0, 0]
    assert source.notes == (
        "palette: 1 of 1 files are GIF, which holds 256 colours at most; that changes the FID",
        "frames: 1 of 1 files have several frames; the first is used",
    )


def test_a_plain_folder_has_no_notes(tmp_path):
    assert open_source(fill(tmp_path, NUMBERED)).notes == ()


# ---- bad input


def test_a_missing_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"nowhere does not exist.*Expected a folder, \.zip"):
        open_source(tmp_path / "nowhere")


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"holds no images \(it is empty\)"):
        open_source(tmp_path)


def test_a_folder_without_images_says_what_it_holds(tmp_path):
    (tmp_path / "a.svg").write_bytes(b"<svg/>")
    with pytest.raises(InputError, match=r"holds no images \(it holds 1 file of other kinds \(1 \.svg\)\); expected"):
        open_source(tmp_path)


def test_a_single_image_file_is_not_a_set(tmp_path):
    with pytest.raises(
        InputError, match=r"a\.png is one image; give its folder, or a pattern in quotes: 'DIR/\*\.png'"
    ):
        open_source(fill(tmp_path, ["a.png"]) / "a.png")


def test_a_file_of_another_kind_is_not_a_set(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(InputError, match=r"a\.txt is (empty, )?not a set of images"):
        open_source(tmp_path / "a.txt")


@pytest.mark.parametrize("damage", ["empty", "text", "truncated", "header"])
def test_a_broken_png_is_named_when_the_folder_is_opened(tmp_path, damage):
    fill(tmp_path / "cats", ["a.png", "b.png", "c.png"])
    spoil(tmp_path / "cats" / "b.png", damage)
    with pytest.raises(InputError, match=r"^cats/b\.png .*--skip-corrupt"):
        open_source(tmp_path / "cats")


def test_no_thread_outlives_the_error_about_a_corrupt_file(tmp_path):
    spoil(fill(tmp_path, NUMBERED) / NUMBERED[0], "empty")
    with pytest.raises(InputError) as kept:  # the error keeps the frames that it went through
        open_source(tmp_path)
    assert kept.value
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("bench-source")]


def test_a_truncated_jpeg_is_named_when_it_is_read(tmp_path):
    fill(tmp_path / "cats", ["a.jpg", "b.jpg"])
    spoil(tmp_path / "cats" / "b.jpg", "truncated")
    with pytest.raises(InputError, match=r"^cats/b\.jpg is corrupt or truncated"):
        list(iterate(open_source(tmp_path / "cats"), workers=2))


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "bmp", "tiff"])
def test_skip_corrupt_counts_what_it_skips(tmp_path, kind):
    names = [f"{letter}.{kind}" for letter in "abcdef"]
    fill(tmp_path, names)
    for name, damage in zip(names[1:5], ["empty", "text", "truncated", "header"], strict=True):
        spoil(tmp_path / name, damage)
    source = open_source(tmp_path, skip_corrupt=True)
    assert source.keys == (names[0], names[5])
    assert source.notes[0] == f"skipped: 4 corrupt of 6 files ({', '.join(names[1:4])}, ...)"
    assert sum(len(batch) for batch in iterate(source)) == 2


def test_skip_corrupt_without_corrupt_files_changes_nothing(tmp_path):
    fill(tmp_path, NUMBERED)
    with_skip, without = open_source(tmp_path, skip_corrupt=True), open_source(tmp_path)
    assert (with_skip.digest, with_skip.notes) == (without.digest, without.notes)


def test_a_limit_counts_the_good_images_only(tmp_path):
    fill(tmp_path, NUMBERED)
    spoil(tmp_path / NUMBERED[0], "empty")
    assert open_source(tmp_path, skip_corrupt=True, limit=20).keys == tuple(NUMBERED[1:])
    with pytest.raises(InputError, match="has 20 images"):
        open_source(tmp_path, skip_corrupt=True, limit=21)


def test_a_folder_of_corrupt_images_only_is_an_error(tmp_path):
    spoil(fill(tmp_path, ["a.png"]) / "a.png", "empty")
    with pytest.raises(InputError, match=r"all 1 images of .* are corrupt"):
        open_source(tmp_path, skip_corrupt=True)


def test_a_broken_link_is_an_error_not_a_missing_image(tmp_path):
    fill(tmp_path, ["a.png"])
    link(tmp_path / "b.png", tmp_path / "gone.png")
    with pytest.raises(InputError, match=r"b\.png does not exist"):
        open_source(tmp_path)


def test_linked_folders_are_followed_but_never_in_a_circle(tmp_path):
    fill(tmp_path / "other", ["a.png"])
    fill(tmp_path / "set", ["b.png"])
    link(tmp_path / "set" / "more", tmp_path / "other")
    assert open_source(tmp_path / "set").keys == ("b.png", "more/a.png")
    link(tmp_path / "set" / "circle", tmp_path / "set")
    with pytest.raises(InputError, match="link to a folder that contains it"):
        open_source(tmp_path / "set")


def test_a_file_that_changes_after_it_was_hashed_is_an_error(tmp_path):
    source = open_source(fill(tmp_path, ["a.png"]))
    Image.fromarray(picture(99)).save(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"a\.png changed while it was read"):
        source.read(0)


@pytest.mark.parametrize("spec", ["C:\\images\\cats", "C:images", "D:/cats"])
def test_a_windows_path_is_not_taken_for_a_data_set(spec):
    with pytest.raises(InputError, match="does not exist"):
        open_source(spec)


def spoil(path: Path, damage: str) -> None:
    data = path.read_bytes()
    content = {"empty": b"", "text": b"not found", "truncated": data[: len(data) // 2], "header": bytes(9) + data[9:]}
    path.write_bytes(content[damage])


def link(path: Path, target: Path) -> None:
    try:
        path.symlink_to(target, target_is_directory=target.is_dir())
    except OSError:
        pytest.skip("this system makes no links")


# ---- reading in threads


@pytest.mark.parametrize("workers", [0, 1, 2, 5])
@pytest.mark.parametrize("batch_size", [1, 4, 21, 100])
def test_batches_are_the_same_for_every_number_of_workers(tmp_path, workers, batch_size):
    source = open_source(fill(tmp_path, NUMBERED))
    batches = list(iterate(source, workers=workers, batch_size=batch_size))
    assert [len(batch) for batch in batches[:-1]] == [batch_size] * (len(batches) - 1)
    images = [image for batch in batches for image in batch]
    assert len(images) == 21
    assert all(np.array_equal(image, source.read(i)) for i, image in enumerate(images))


def numbers(count: int, read) -> ImageSource:
    return ImageSource("numbers", "test", tuple(map(str, range(count))), ("",) * count, read)


def one_pixel(index: int) -> np.ndarray:
    return np.full((3, 1, 1), index % 256, np.uint8)


@pytest.mark.parametrize("workers", [0, 3])
def test_an_exception_in_a_worker_surfaces_as_itself(workers):
    def read(index: int) -> np.ndarray:
        if index == 30:
            raise ZeroDivisionError("image 30")
        return one_pixel(index)

    seen = 0
    with pytest.raises(ZeroDivisionError, match="image 30"):
        for batch in iterate(numbers(10_000, read), workers=workers, batch_size=4):
            seen += len(batch)
    assert seen <= 30


def test_decoding_stays_a_bounded_way_ahead():
    started = []

    def read(index: int) -> np.ndarray:
        started.append(index)
        return one_pixel(index)

    batches = iterate(numbers(10_000, read), workers=2, batch_size=16)
    next(batches)
    time.sleep(0.05)  # time in which unbounded threads would read everything
    assert len(started) <= 16 + 16 + 8 * (2 * 2 + 2)  # this batch, the next, and the tasks under way
    batches.close()


def test_threads_are_gone_however_the_loop_ends():
    def interrupted(batches) -> None:
        for _ in batches:
            raise KeyboardInterrupt

    before = threading.active_count()
    batches = iterate(numbers(1000, one_pixel), workers=3, batch_size=8)
    with pytest.raises(KeyboardInterrupt):
        interrupted(batches)
    batches.close()
    list(iterate(numbers(1000, one_pixel), workers=3, batch_size=8))
    assert threading.active_count() == before


@pytest.mark.parametrize(("workers", "batch_size"), [(-1, 4), (1, 0)])
def test_impossible_workers_and_batches_are_refused(workers, batch_size):
    with pytest.raises(ValueError, match="expected at least"):
        next(iterate(numbers(1, one_pixel), workers=workers, batch_size=batch_size))


def test_folders_in_folders_end_somewhere(tmp_path):
    fill(tmp_path.joinpath("near", *["d"] * 60), ["0.png"])
    assert open_source(tmp_path / "near").count == 1
    fill(tmp_path.joinpath("far", *["d"] * 70), ["0.png"])
    with pytest.raises(InputError, match="more than 64 folders deep"):
        open_source(tmp_path / "far")
