"""Findings about sets of images, as `bench doctor` and `bench submit` print them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bench.cli._output import echo, styled

if TYPE_CHECKING:
    from bench.measuring.findings import Finding

COLOURS = {"error": "red", "warning": "yellow", "info": "cyan"}


def show_findings(findings: "Sequence[Finding]") -> None:
    """Each finding with the images that it names and its remedy; "nothing to mend" where there is none."""
    if not findings:
        echo("nothing to fix")
    for finding in findings:
        level = styled(f"{finding.level}:", fg=COLOURS[finding.level])
        echo(level, f" {' and '.join(finding.sets)}: {finding.what}")
        if finding.files and finding.count > 1:
            more = f" and {finding.count - len(finding.files):,} more" if finding.count > len(finding.files) else ""
            echo(f"    {', '.join(finding.files)}{more}")
        echo(f"    -> {finding.remedy}")
