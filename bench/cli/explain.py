"""Why the FID of two sets is what it is."""

from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options
from bench.cli._output import echo, print_facts, print_json, print_tables, print_warnings, progress, say, styled
from bench.cli.fid import measured_with
from bench.settings.sets import Explaining, SetSettings

SHOWN_ROWS = 12  # of a table; files hold all of them


@click.command(
    epilog=examples(
        "bench explain digits:real-1 digits:real-2 --extractor digits-cnn",
        "bench explain digits:real-1 digits:real-2 --extractor digits-cnn --fid 0.326 --fid 0.3251 --json",
    )
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@options(Explaining, SetSettings)
@json_option
def command(a: str, b: str, settings: dict[str, Any], as_json: bool) -> None:
    """Says why the FID of A (real) and B (generated) is what it is, the main cause first.

    It splits the FID into its mean and covariance terms and into the directions that hold most of it. It makes the sets
    alike in size, brightness, colour, sharpness and JPEG quality, one after the other, and says how much of the FID
    goes away. It counts which classes or clusters are missing or too many in B, lists the images that move the FID
    most, and reports what `bench doctor` finds. With --fid it says which tool prints a FID that you were given, and
    what makes two of them differ. With --output it writes the tables and pictures to a folder.

    JSON: said (sentences), the keys of `bench fid`, floor (the FID of two sets of one distribution at these counts),
    overlap (of the shares of classes or clusters), given, conventions, findings, tables, notes, version, folder, files.
    """
    with progress() as tell:
        made = bench.explain(a, b, progress=tell, **settings)
    if as_json:
        print_json(made.as_dict())
        return
    _show(made)


def _show(made: Any) -> None:
    from bench.tables.table import aligned, first_rows

    about = made.found.about
    first, *others = made.said
    echo(styled(first, bold=True))
    for line in others:
        echo(line)
    echo()
    sets = [(letter.upper(), f"{about[f'n_{letter}']:,} images of {about[f'name_{letter}']}") for letter in "ab"]
    print_facts([*sets, ("measured with", measured_with(about))])
    echo()
    print_tables([aligned(first_rows(table, SHOWN_ROWS)) for table in made.tables], "terminal", "")
    for finding in about["findings"]:
        echo(styled("doctor:", fg="cyan"), f" {' and '.join(finding['sets'])}: {finding['what']}")
    print_warnings(made.tables.warnings)
    for path in made.files:
        if path.suffix == ".png":
            say(f"picture  {path}")
