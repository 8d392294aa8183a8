"""Sets that are a pattern: which files, in which order, and what a pattern says that matches nothing."""

import os
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

import bench
from bench.cli import main
from bench.measuring.pairing import pair
from bench.sources import open_source
from bench.sources.patterns import is_pattern, matches
from bench.sources.survey import survey
from metrics.errors import InputError


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """The folder that CycleGAN and pix2pix write, with more in it."""
    folder = tmp_path_factory.mktemp("run") / "results"
    for number in range(11):
        for place, what in enumerate(("real_A", "real_B", "fake_B")):
            save(folder / f"{number}_{what}.png", 20 * number + place)
    for name in ("deep/er/12_fake_B.png", ".hidden/13_fake_B.png", ".14_fake_B.png", "two/a.png", "two/b.png"):
        save(folder / name, len(name))
    (folder / "index.html").write_text("")
    return folder


def save(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (4, 4), (value, 255 - value, 0)).save(path)


def names(pattern: Path) -> list[str]:
    return list(open_source(pattern).keys)


def test_a_pattern_is_the_set_of_the_files_that_it_matches(results):
    source = open_source(str(results / "*_fake_B.png"))
    listed = open_source(sorted(results.glob("[0-9]*_fake_B.png"), key=lambda path: path.name))
    assert (source.name, source.kind, source.count) == ("results/*_fake_B.png", "pattern", 11)
    assert source.digest == listed.digest
    assert source.keys[:3] == ("0_fake_B.png", "10_fake_B.png", "1_fake_B.png")
    assert source.notes == ()


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("?_real_A.png", [f"{number}_real_A.png" for number in range(10)]),
        ("[23]_real_[!A].png", ["2_real_B.png", "3_real_B.png"]),
        ("{3,1}_fake_B.png", ["1_fake_B.png", "3_fake_B.png"]),
        ("{9..10}_fake_B.png", ["10_fake_B.png", "9_fake_B.png"]),
        ("**/*2_fake_B.png", ["2_fake_B.png", "deep/er/12_fake_B.png"]),
        ("**/**/e*/*.png", ["deep/er/12_fake_B.png"]),
        ("*/*.png", ["two/a.png", "two/b.png"]),
        ("two/{a,{b,a}}.png", ["a.png", "b.png"]),
        (".*_fake_B.png", [".14_fake_B.png"]),
    ],
)
def test_letters_of_a_pattern_mean_what_they_mean_in_a_shell(results, pattern, found):
    assert names(results / pattern) == found


def test_numbers_in_braces_keep_their_zeros_and_their_order(tmp_path):
    for name in ("008.tar", "009.tar", "010.tar"):
        (tmp_path / name).touch()
    assert [path.name for path in matches(tmp_path / "{010..008}.tar")] == ["010.tar", "009.tar", "008.tar"]


def test_what_is_there_comes_before_what_its_name_would_match(tmp_path):
    save(tmp_path / "set[1]" / "a.png", 1)
    save(tmp_path / "set1" / "b.png", 2)
    assert names(tmp_path / "set[1]") == ["a.png"]
    assert not is_pattern("a{b}c.png")


def test_two_patterns_of_one_folder_are_paired_by_number(results):
    real, made = (open_source(results / f"*_{what}.png") for what in ("real_B", "fake_B"))
    paired = pair(real, made)
    assert (paired.by, paired.first.split(", ")[1]) == ("number", "10_real_B.png with 10_fake_B.png")


def test_other_files_and_pipes_are_counted_and_links_in_a_circle_left_alone(tmp_path):
    save(tmp_path / "a.png", 1)
    (tmp_path / "a.txt").touch()
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "circle").symlink_to(tmp_path)
    source = open_source(tmp_path / "**/*")
    assert (source.keys, len(source.notes)) == (("a.png",), 1)
    assert source.notes[0].startswith("other files: 3 files of other kinds (")


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("*_fake_A.png", r"\*_fake_A\.png matches nothing below .*results; check the pattern"),
        ("none/*.png", "matches nothing: there is no folder .*none; check the path"),
        ("{0..12}_fake_B.png", r"matches nothing for .*11_fake_B\.png below"),
        ("*.html", r"holds no images \(it holds 1 file of other kinds \(1 \.html\)\)"),
        ("tw*", r"tw\* matches folders only; end it in /\*\.png"),
        ("{0..99999999999999}.png", "stands for more than 50 names"),
        ("{1,2}" * 9, "more than 8 groups in braces"),
        ("*" + "x" * 300, "matches nothing below"),
        ("[" + "z" * 5000, "matches nothing below"),
    ],
)
def test_a_pattern_that_is_no_set_is_told_in_one_line(results, monkeypatch, pattern, said):
    monkeypatch.setattr("bench.sources.patterns.MOST_ALTERNATIVES", 50)
    with pytest.raises(InputError, match=said) as told:
        open_source(results / pattern)
    assert "\n" not in str(told.value)


def test_every_command_and_function_takes_a_pattern(results):
    real, made = (str(results / f"*_{what}.png") for what in ("real_B", "fake_B"))
    answer = bench.fid(real, made, extractor="pixels", cache=False)
    assert (answer.name_b, answer.n_b) == ("results/*_fake_B.png", 11)
    assert len(survey(made, 0, None, None).images) == 11
    for line in (
        ["doctor", made],
        ["table", real, real, made],
        ["score", real, made, "--metrics", "mse", "--limit", "4"],
    ):
        ran = CliRunner().invoke(main, [*line, "--extractor", "pixels"])
        assert ran.exit_code == 0, ran.output
    domains = [f"--domain={name}={real},{results}/{{1,2,3}}_real_A.png,{made}" for name in "ab"]
    ran = CliRunner().invoke(main, ["table", *domains, "--extractor", "pixels", "--json"])
    assert ran.exit_code == 0, ran.output
    unquoted = CliRunner().invoke(main, ["fid", *map(str, sorted(results.glob("*.png")))])
    assert (unquoted.exit_code, len(unquoted.output) < 400) == (2, True)
    assert "A pattern stands in quotes: 'DIR/*.png'." in unquoted.output
    refused = CliRunner().invoke(main, ["fid", real, str(results / "*_nothing.png"), "--extractor", "pixels"])
    assert (refused.exit_code, refused.output.count("\n")) == (2, 1)
