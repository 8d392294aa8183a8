"""Findings about sets of images, as `bench doctor` and `bench submit` print them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from bench.doctor import Finding

COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def show_findings(findings: "Sequence[Finding]") -> None:
    """Each finding with the images that it names and its remedy; "nothing to mend" where there is none."""
    if not findings:
        click.echo("nothing to mend")
    for finding in findings:
        level = click.style(f"{finding.level}:", fg=COLOURS[finding.level])
        click.echo(f"{level} {' and '.join(finding.sets)}: {finding.what}")
        if finding.files and finding.count > 1:
            more = f" and {finding.count - len(finding.files):,} more" if finding.count > len(finding.files) else ""
            click.echo(f"    {', '.join(finding.files)}{more}")
        click.echo(f"    -> {finding.remedy}")
