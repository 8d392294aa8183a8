"""Who submits what: the texts of an entry, and submission.toml, which may hold all options of `bench submit`."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.leaderboard.entries import About
from bench.leaderboard.entry_places import slug_of
from bench.storage.reading import read_toml
from genbench.names import did_you_mean
from metrics.errors import InputError

LONGEST = 2_000  # letters of any text but the name
LINKS = ("link", "code")
URL = re.compile(r"https?://[^\s<>\"'\\]+")
SETTINGS = "submission.toml"
INVISIBLE = ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp")

# What TOML may hold for an option of each type, and what is expected in words.
ACCEPTED = {str: (str, int), bool: (bool,), int: (int,), float: (int, float)}
EXPECTED = {str: "a text in quotes", bool: "true or false", int: "a whole number", float: "a number"}

TEMPLATE = """\
# A submission to a track of `bench tracks`. `bench submit` reads this file from the current folder, or the file that
# --settings names. Options on the command line replace those in this file. Lines that begin with # are ignored.

path = "samples"            # folder, .zip, .tar or .npz of images; a checkpoint; an .onnx or TorchScript generator
track = "digits"            # `bench tracks` lists them, `bench tracks show NAME` explains the rules
name = "My model"           # at most 80 letters; the file name is made from it

# authors = "A. Author and B. Author"
# link = "https://example.org/my-model"
# paper = "A. Author, My model, 2026"
# code = "https://example.org/my-model/code"
# license = "MIT"           # of the images
# extra-data = "no"         # yes: you used more than the training images of the track
# seed-policy = "seed 0, not selected"
# note = ""

# For an .onnx or TorchScript generator:
# noise-dim = "100"         # length of a row of noise, or its shape: "100x1x1"
# noise = "normal"          # normal, uniform-1..1, uniform0..1
# output-range = "-1..1"    # -1..1, 0..1, 0..255
"""


def check_about(about: About) -> About:
    """The same, where its texts can stand on a page.

    Raises InputError for a name that is none (`slug_of`), a text of more than 2,000 letters or with invisible or
    direction characters (naming the field), and a link that is no http(s) address.
    """
    slug_of(about.name)
    for field, text in asdict(about).items():
        word = field.replace("_", "-")
        if len(text) > LONGEST:
            raise InputError(f"{word} has {len(text):,} letters; expected at most {LONGEST:,}")
        odd = [letter for letter in text if letter != "\n" and unicodedata.category(letter) in INVISIBLE]
        if odd:
            raise InputError(f"{word} has the invisible character U+{ord(odd[0]):04X}; write it without")
        if field in LINKS and text and not URL.fullmatch(text):
            raise InputError(f"{word} is {text!r}; expected an address that begins with https:// or http://")
    return about


def write_template(path: Path, *, force: bool) -> None:
    """Write a commented submission.toml; InputError where it exists and `force` was not given, or cannot be written."""
    from bench.storage.files import write_text

    if path.exists() and not force:
        raise InputError(f"{path} exists; replace it with --force")
    write_text(path, TEMPLATE)


def read_settings(path: Path, known: Mapping[str, type]) -> dict[str, Any]:
    """The options in a submission.toml, by option name with dashes; `known` are their types.

    Raises InputError for a file that is missing or no TOML, an option that is none of the `known` ones (with the close
    ones), and a value of another type. A whole number is a text too.
    """
    values = read_toml(path, remedy="`bench submit --init` writes an example")
    found, choices = {}, ", ".join(sorted(known))
    for name, value in values.items():
        if name not in known:
            meant = did_you_mean(name, known, f"It knows {choices}.")
            raise InputError(f"{path} has an unknown option {name!r}. {meant}")
        kind = known[name]
        if type(value) not in ACCEPTED[kind]:
            raise InputError(f"{path}: {name} is a {type(value).__name__}; expected {EXPECTED[kind]}")
        if "\0" in str(value):
            raise InputError(f"{path}: {name} has the invisible character U+0000; write it without")
        found[name] = kind(value)
    return found
