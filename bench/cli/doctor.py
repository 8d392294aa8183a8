"""What is wrong with one or more sets of images, before they are measured."""

from typing import TYPE_CHECKING, Any

import click

import bench
from bench.cli._findings import show_findings
from bench.cli._options import examples, json_option, options
from bench.cli._output import echo, print_columns, print_json, progress
from bench.settings.sets import Looking

if TYPE_CHECKING:
    from bench.measuring.doctor import Diagnosis, SetSummary

SIZES = 3  # named in the table of sets


@click.command(
    epilog=examples(
        "bench doctor digits:train digits:test --extractor digits-cnn",
        "bench doctor digits:real-1 --extractor pixels --json",
    )
)
@click.argument("images", metavar="IMAGES...", nargs=-1, required=True)
@options(Looking)
@json_option
@click.pass_context
def command(ctx: click.Context, images: tuple[str, ...], settings: dict[str, Any], as_json: bool) -> None:
    """Decodes every image of every set and reports everything that would spoil a number.

    It looks for corrupt files, mixed sizes, colour modes and profiles, values in a small part of the range of their
    type, lossy files, duplicates inside a set and across sets, flat images, names sorted by class, and fewer images
    than the extractor has features. The exit code is 0 if there are at most warnings, 1 if there are errors (corrupt
    files, one image), and 2 if a set cannot be opened.

    JSON keys: sets (name, kind, count, corrupt, sizes, modes, formats) and findings (level, code, sets, what, remedy,
    count, files), the most serious first.
    """
    with progress() as tell:
        diagnosis = bench.doctor(*images, progress=tell, **settings)
    closed = [finding.what for finding in diagnosis.findings if finding.code == "unusable"]
    if as_json:
        print_json(diagnosis.as_dict())
    else:
        _show(diagnosis)
    if closed:
        raise click.ClickException("; ".join(dict.fromkeys(closed)))
    if any(finding.level == "error" for finding in diagnosis.findings):
        ctx.exit(1)


def _show(diagnosis: "Diagnosis") -> None:
    rows = [_row(summary) for summary in diagnosis.sets]
    print_columns(rows, ("set", "images", "corrupt", "sizes", "formats", "modes"))
    echo()
    show_findings(diagnosis.findings)


def _row(summary: "SetSummary") -> tuple[str, ...]:
    return (
        summary.name,
        f"{summary.count:,}",
        f"{summary.corrupt:,}",
        _counts(summary.sizes),
        _counts(summary.formats) or summary.kind,
        _counts(summary.modes),
    )


def _counts(counts: dict[str, int]) -> str:
    if len(counts) <= 1:
        return next(iter(counts), "")
    shown = ", ".join(f"{number:,} {name}" for name, number in list(counts.items())[:SIZES])
    return f"{shown}, ..." if len(counts) > SIZES else shown
