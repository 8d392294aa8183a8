"""The commands on an entry's page: complete, quoted, and such as the command line takes them."""

import shlex
from dataclasses import replace
from pathlib import Path

import click
import pytest
from leaderboard_entries import entry, rules

from bench.cli import main
from bench.leaderboard.entries import Origin
from bench.site.steps import steps
from bench.site.words import results_words, submit_command

NOISE = {"noise": "normal", "noise_dim": "100x1x1", "output_range": "-1..1"}
SETTINGS = {"batch_size": 64, "spectral_norm": True, "widths": [64, 128], "limit": None, "word": "a b"}


def commands(made, options=""):
    return [line for step in steps(made, options) for line in step.command.splitlines()]


def parsed(line):
    """The values that the command line reads from a command; fails where it takes it for none."""
    words = shlex.split(line)
    assert words[0] == "bench"
    command = main.get_command(click.Context(main), words[1])
    return command.make_context(words[1], words[2:]).params


def of_model(model="dcgan", track="digits", chosen=None, settings=None):
    origin = Origin("checkpoint", "a" * 64, model, settings or {"lr": 2e-4}, 3, 5000, 0, reference=True)
    return entry(2, track, chosen, origin=origin)


def test_a_reference_model_is_trained_submitted_and_verified():
    lines = commands(of_model())
    assert lines == [
        "bench train --model dcgan --dataset digits --seed 3 --steps 5000 --set lr=0.0002",
        "bench submit RUN --track digits --name dcgan",
        "bench verify digits/dcgan",
        "bench verify digits/dcgan --images IMAGES",
        "bench verify digits/dcgan --checkpoint CHECKPOINT",
        "bench compare digits/dcgan digits/OTHER",
    ]


def test_a_model_that_translates_is_trained_on_both_domains():
    made = of_model("cyclegan", "horse2zebra-horse-offline", rules("horse2zebra/horse", "vgg16-random", ""))
    assert "--dataset horse2zebra --seed" in commands(made)[0]
    made = of_model("dcgan", "horse2zebra-horse-offline", rules("horse2zebra/horse", "vgg16-random", ""))
    assert "--dataset horse2zebra/horse --seed" in commands(made)[0]


def test_settings_are_written_as_the_command_line_reads_them():
    train = shlex.split(commands(of_model(settings=SETTINGS))[0])
    assert [word for word in train if "=" in word] == [
        *("batch_size=64", "limit=none", "spectral_norm=true", "widths=64,128", "word=a b"),
    ]


def test_a_generator_is_submitted_with_its_noise():
    onnx = entry(3, origin=Origin("onnx", "a" * 64, "", NOISE, sampling_seed=0))
    assert commands(onnx)[0].endswith("--noise normal --noise-dim 100x1x1 --output-range -1..1")
    script = replace(onnx, origin=replace(onnx.origin, kind="torchscript"))
    assert commands(script)[0].endswith("--trust-code")
    assert commands(script)[-2].endswith("--checkpoint GENERATOR")


def test_images_are_measured_again_and_never_trained():
    lines = commands(entry(3))
    assert len(lines) == 4 and "--checkpoint" not in " ".join(lines)
    assert lines[0].startswith("bench submit IMAGES --track digits --name ")


def test_commands_name_the_results_folder_of_the_site():
    lines = commands(entry(3), results_words(Path("class of 2026")))
    assert all(line.endswith(" --results 'class of 2026'") for line in lines)
    assert commands(entry(3), results_words(Path("x/my-results"))) == commands(entry(3))
    submitted = submit_command("digits", results_words(Path("class"))).splitlines()
    assert [parsed(line)["dry_run"] for line in submitted] == [True, False]
    assert {parsed(line)["results"].name for line in submitted} == {"class"}


def test_a_model_that_is_no_longer_here_is_not_trained():
    assert commands(of_model("gone"))[0].startswith("bench submit IMAGES")


@pytest.mark.parametrize("name", ["; rm -rf ~", "$(reboot)", "it's", "`id`", "--force", "a\\b"])
def test_a_name_stays_one_word_of_the_command(name):
    words = shlex.split(commands(entry(3, about={"name": f"x{name}"}))[0])
    assert words[-1] == f"x{name}" and words[-2] == "--name"


@pytest.mark.parametrize("made", [of_model(), of_model("cyclegan"), entry(3), entry(0)], ids=lambda made: made.slug)
def test_every_command_is_one_that_the_command_line_takes(made):
    for line in commands(made):
        assert parsed(line)
