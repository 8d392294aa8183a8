"""Every finding of the doctor to the letter, and the same set just beside it, of which nothing is to be said."""

from dataclasses import replace

import pytest

from bench.measuring.doctor import examine
from bench.measuring.findings import Finding, judge
from bench.sources.decoding import Header
from bench.sources.survey import Corrupt, Look, Survey
from bench.sources.values import Extremes

PNG = Header("PNG", "RGB", (8, 8), lossy=False, transparent=False, frames=1, rotated=False)
JPEG = replace(PNG, format="JPEG", lossy=True)


def look(number, name="{:02d}.png", header=PNG, **changes):
    made = Look(name.format(number), (8, 8), f"p{number}", 50.0, Extremes(0, 255), False, f"f{number}", header)
    return replace(made, **changes)


def looks(count, first=0, **changes):
    return tuple(look(number, **changes) for number in range(first, first + count))


def survey(*images, name="a", **changes):
    return Survey(name, "folder", tuple(images), **changes)


def keys(count, first=0):
    return tuple(f"{number:02d}.png" for number in range(first, first + count))


def finding(level, code, what, remedy, count=0, files=()):
    return Finding(level, code, ("a",), what, remedy, count, tuple(files))


def header(**changes):
    return replace(PNG, **changes)


SKIP = "(--skip-corrupt)"
ONE = f"fix or remove the file, or skip it {SKIP}"
SAME = "remove the copies: they are not new images"
ORDERED = "use --limit instead of the first files, and shuffled splits for the Inception Score"
LOSSY = "compare sets with the same compression; save as PNG"
PROFILE = "convert to sRGB (PIL.ImageCms) and save again"
OPAQUE = "save them as opaque RGB before comparing with tools that drop alpha (torch-fidelity, pytorch-fid)"
TWO_PROBLEMS = (Corrupt("x", "is cut"), Corrupt("y", "is text"))
SIX_PROBLEMS = tuple(Corrupt(letter, "is cut") for letter in "abcdef")
CUT = [finding("error", "corrupt", f"{letter} is cut", ONE, 1, letter) for letter in "abcdef"]


def classes(*runs, form="{}_{}.png"):
    """Images whose names begin with a word, so many of each in turn."""
    names = [form.format(word, number) for word, count in runs for number in range(count)]
    return [look(number, name) for number, name in enumerate(names)]


def in_folders(*runs):
    return classes(*runs, form="{}/{}.png")


def following(count, words):
    what = f"the file order follows {words}"
    return [finding("info", "class-ordered", what, ORDERED, count)]


SETS = {
    "sound": (survey(*looks(8)), []),
    "empty": (survey(), []),
    "not to be opened": (
        survey(unusable="is not a set"),
        [finding("error", "unusable", "is not a set", "give a set of images that can be opened")],
    ),
    "five corrupt": (survey(*looks(8), corrupt=SIX_PROBLEMS[:5]), CUT[:5]),
    "six corrupt": (
        survey(*looks(8), corrupt=SIX_PROBLEMS),
        [
            *CUT[:5],
            finding("error", "corrupt", "1 more images cannot be decoded",
                    f"fix or remove the files, or skip them {SKIP}", 1, "f"),
        ],
    ),
    "other files": (
        survey(*looks(8), others=("x.txt", "y")),
        [finding("info", "other-files", "2 files are of other kinds and are ignored",
                 "do nothing, unless they should be images", 2, ("x.txt", "y"))],
    ),
    "all lossy": (
        survey(*looks(7, header=JPEG)),
        [finding("warning", "lossy", "7 of 7 files are compressed with loss, which changes the distance by itself",
                 LOSSY, 7, keys(5))],
    ),
    "some lossy, beside rows without a file": (
        survey(*looks(2, header=JPEG), *looks(3, 2), *looks(4, 5, header=None)),
        [
            finding("warning", "lossy", "2 of 5 files are compressed with loss, which changes the distance by itself",
                    LOSSY, 2, keys(2)),
            finding("warning", "mixed-formats", "lossy and lossless files are mixed (2 and 3)",
                    "use one format for the whole set", 3, keys(3, 2)),
        ],
    ),
    "two frames": (
        survey(*looks(2), *looks(1, 2, header=header(frames=2))),
        [finding("info", "frames", "1 file has several frames; only the first is used",
                 "save the frames as files if they should count", 1, keys(1, 2))],
    ),
    "rotated": (
        survey(*looks(2), *looks(1, 2, header=header(rotated=True))),
        [finding("warning", "rotated",
                 "1 file has an EXIF orientation, which is not applied: they are read without the rotation",
                 "rotate the pixels (PIL.ImageOps.exif_transpose)", 1, keys(1, 2))],
    ),
    "two sizes": (
        survey(*looks(3, size=(8, 6)), *looks(2, 3)),
        [finding("warning", "mixed-sizes", "2 sizes are mixed; 3 of 5 images are 6x8",
                 "each image is resized separately; crop all images to one size first", 2, keys(2, 3))],
    ),
    "sides exchanged": (
        survey(*looks(3, size=(8, 6)), *looks(2, 3, size=(6, 8))),
        [finding("warning", "mixed-sizes", "2 sizes are mixed; 3 of 5 images are 6x8",
                 "each image is resized separately; crop all images to one size first", 2, keys(2, 3))],
    ),
    "dark": (
        survey(*looks(6, extremes=Extremes(0, 1))),
        [finding("warning", "narrow-range", "no value above 1 of 255, the most that the type can hold",
                 "they are measured as dark. Are they masks of 0 and 1, or 12 bits in 16? "
          "Scale them to the whole range", 6)],
    ),
    "dark but for one": (survey(*looks(6, extremes=Extremes(0, 1)), *looks(1, 6)), []),
    "all grey": (
        survey(*looks(6, grey=True)),
        [finding("info", "grey", "all 6 images are grey",
                 "Inception expects colour photographs; choose an extractor that fits grey images", 6, keys(5))],
    ),
    "one of them grey": (
        survey(*looks(1, grey=True), *looks(5, 1)),
        [finding("warning", "mixed-colours", "1 of 6 images are grey among colour images",
                 "use one kind, or make sure that both sets have the same mix", 1, keys(1))],
    ),
    "another profile": (
        survey(*looks(1, header=header(profile=True)), *looks(5, 1), *looks(1, 6, header=None)),
        [finding("warning", "colour-profile",
                 "1 file has another colour profile than sRGB, which is not applied: colours are off",
                 PROFILE, 1, keys(1))],
    ),
    "transparent": (
        survey(*looks(1, header=header(transparent=True)), *looks(5, 1), *looks(1, 6, header=None)),
        [finding("info", "transparent", "1 of 7 files store transparency; they are composited on white",
                 OPAQUE, 1, keys(1))],
    ),
    "equal bytes": (
        survey(*looks(3), *(look(number, file_sha256="f0", pixels_sha256="p0") for number in (3, 4)),
               look(5, file_sha256="f1", pixels_sha256="p1")),
        [finding("warning", "byte-duplicates", "3 images are byte-identical to an earlier one (2 groups)",
                 SAME, 3, (*keys(1), *keys(2, 3), *keys(1, 1), *keys(1, 5)))],
    ),
    "equal pixels": (
        survey(*looks(3), look(3, pixels_sha256="p0"), look(4, pixels_sha256="p1", file_sha256="f1"),
               look(5, pixels_sha256="p0", file_sha256="f0")),
        [
            finding("warning", "byte-duplicates", "2 images are byte-identical to an earlier one (2 groups)",
                    SAME, 2, (*keys(1), *keys(1, 5), *keys(1, 1), *keys(1, 4))),
            finding("warning", "pixel-duplicates",
                    "1 image is equal in every pixel (in other bytes) to an earlier one (1 group)",
                    SAME, 1, (*keys(1), *keys(1, 3))),
        ],
    ),
    "flat": (
        survey(*looks(3), look(3, sd=1.999), look(4, sd=2.0)),
        [finding("warning", "flat", "1 image is nearly constant (standard deviation below 2 of 255)",
                 "look at them: they may be failed samples or blank pictures", 1, keys(1, 3))],
    ),
    "two classes": (survey(*classes(("cat", 4), ("dog", 4))), following(8, "2 names that begin alike (cat, dog)")),
    "one class": (survey(*classes(("cat", 8))), []),
    "classes of three": (survey(*classes(("cat", 3), ("dog", 3))), []),
    "folders of classes, whatever begins their names": (
        survey(*in_folders(("2", 4), ("1", 4))), following(8, "2 folders (1, 2)")
    ),
    "names that begin with digits": (survey(*classes(("2x", 4), ("1x", 4))), []),
    "nine in ten of a class": (
        survey(*classes(("cat", 4), ("dog", 5), ("x", 1))), following(10, "2 names that begin alike (cat, dog)")
    ),
    "fewer than nine in ten": (survey(*classes(("cat", 4), ("dog", 4), ("x", 1))), []),
    "each class in two parts": (
        survey(*classes(("cat", 3), ("dog", 3), ("cat", 3), ("dog", 3))),
        following(12, "2 names that begin alike (cat, dog)"),
    ),
    "each class in more parts": (survey(*classes(*[("cat", 2), ("dog", 2)] * 2, ("cat", 2))), []),
    "five classes": (
        survey(*classes(*((word, 4) for word in "abcde"))), following(20, "5 names that begin alike (a, b, c, d, e)")
    ),
    "six classes": (
        survey(*classes(*((word, 4) for word in "abcdef"))),
        following(24, "6 names that begin alike (a, b, c, d, e, ...)"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", SETS)
def test_what_is_said_of_one_set(kind):
    given, expected = SETS[kind]
    assert judge(given) == expected


def examined(monkeypatch, *surveys, dims=1):
    given = iter(surveys)
    monkeypatch.setattr("bench.measuring.doctor.survey", lambda *_: next(given))
    return examine([str(number) for number in range(len(surveys))], dims=dims)


FEW = "use the corrected FID and its interval, compare only equal counts, or use more images"


@pytest.mark.parametrize(
    ("count", "dims", "expected"),
    [
        (0, 1, [("error", "0 readable images: no covariance, no distance", 0)]),
        (1, 1, [("error", "1 readable image: no covariance, no distance", 1)]),
        (2, 1, []),
        (
            2,
            2,
            [("warning", "2 images for 2 features: the covariance is singular, and the plain FID is mostly bias", 2)],
        ),
        (3, 2, []),
    ],
)
def test_how_many_images_are_too_few(monkeypatch, count, dims, expected):
    found = examined(monkeypatch, survey(*looks(count)), dims=dims).findings
    assert [(one.level, one.what, one.count) for one in found] == expected


def test_of_a_set_that_cannot_be_opened_nothing_else_is_said(monkeypatch):
    found = examined(monkeypatch, survey(unusable="is not a set"), survey(*looks(2), name="b"), dims=1)
    assert [one.code for one in found.findings] == ["unusable"]
    assert [(one.name, one.count, one.sizes) for one in found.sets] == [("a", 0, {}), ("b", 2, {"8x8": 2})]


ACROSS = "remove them from one of the sets: sets that share images are not independent"


def across(code, what, remedy, count=0, files=()):
    return Finding("warning", code, ("a", "b"), what, remedy, count, tuple(files))


PAIRS = {
    "nothing": (looks(10), looks(10, 10), []),
    "seven files": (
        looks(10), looks(10, 3),
        [across("byte-duplicates-across", "7 images of b are byte-identical to images of a", ACROSS, 7, keys(5, 3))],
    ),
    "six images in other files": (
        looks(10), (*(look(20 + row, pixels_sha256=f"p{row}") for row in range(6)), *looks(4, 30)),
        [across("pixel-duplicates-across", "6 images of b equal images of a in every pixel (in other bytes)",
                ACROSS, 6, keys(5, 20))],
    ),
    "rows without a file": (
        looks(10, file_sha256=""), (look(0, file_sha256=""), *looks(9, 20, file_sha256="")),
        [across("pixel-duplicates-across", "1 images of b equal images of a in every pixel (in other bytes)",
                ACROSS, 1, keys(1))],
    ),
    "more images": (
        looks(10), looks(12, 10),
        [across("different-counts", "the sets have 10 and 12 images; the bias of the plain FID depends on both counts",
                "--limit 10 gives equal counts; or use the corrected FID")],
    ),
    "larger images": (
        looks(10), looks(10, 10, size=(8, 6)),
        [across("different-sizes",
                "most images are 8x8 in one set and 6x8 in the other: resizing blurs one more than the other",
                "resize both sets to one size with one method")],
    ),
    "another lossy share": (
        looks(10), (*looks(2, 10, header=JPEG), *looks(8, 12)),
        [across("different-formats", "0% of one set and 20% of the other are compressed with loss",
                "make both sets in the same way from lossless files")],
    ),
    "another grey share": (
        (*looks(2, grey=True), *looks(8, 2)), looks(10, 10),
        [across("different-colours", "20% of one set and 0% of the other are grey",
                "compare grey with grey and colour with colour")],
    ),
    "one lossy and one grey file": (
        looks(20), (look(20, header=JPEG), look(21, grey=True), *looks(18, 22)), []
    ),
    "half of both lossy": (
        (*looks(5, header=JPEG), *looks(5, 5)), (*looks(5, 10, header=JPEG), *looks(5, 15)), []
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", PAIRS)
def test_what_is_said_of_two_sets(monkeypatch, kind):
    first, second, expected = PAIRS[kind]
    found = examined(monkeypatch, survey(*first), survey(*second, name="b")).findings
    assert [one for one in found if len(one.sets) == 2] == expected


def test_sets_of_one_name_are_numbered_and_others_are_not(monkeypatch):
    given = [survey(name=name, unusable="x") for name in ("a", "b", "a")]
    assert [one.name for one in examined(monkeypatch, *given).sets] == ["a (1)", "b", "a (2)"]


def test_the_gravest_findings_come_first_and_those_of_one_gravity_in_their_order(monkeypatch):
    given = survey(*looks(6, header=JPEG, grey=True), others=("x",), corrupt=TWO_PROBLEMS[:1])
    found = examined(monkeypatch, given, dims=9).findings
    assert [one.code for one in found] == ["corrupt", "lossy", "n-le-d", "other-files", "grey"]
