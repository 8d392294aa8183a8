"""Fréchet distance (FID) of two sets of images, with its interval."""

from typing import Any

import click

import bench
from bench.cli._options import examples, format_option, json_option, options
from bench.cli._output import (
    echo,
    print_columns,
    print_facts,
    print_result,
    print_tables,
    print_warnings,
    progress,
    styled,
)
from bench.settings.sets import SetSettings
from bench.tables.scores import figure


@click.command(
    epilog=examples(
        "bench fid digits:train digits:test --extractor digits-cnn",
        "bench fid digits:real-1 digits:real-2 --extractor digits-cnn --influence 5 --json",
    )
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="B")
@options(SetSettings)
@click.option(
    "--influence", type=click.IntRange(min=1), metavar="N", help="List the N images that change the FID most."
)
@click.option("--all-estimates", is_flag=True, help="Add the delete-group jackknife and FID-infinity.")
@click.option("--crosscheck", is_flag=True, help="Compare with torch-fidelity, stage by stage.")
@click.option("--conventions", is_flag=True, help="Print the FID as other tools print it, side by side.")
@format_option
@json_option
def command(
    a: str,
    b: str,
    settings: dict[str, Any],
    influence: int | None,
    all_estimates: bool,
    crosscheck: bool,
    conventions: bool,
    kind: str,
    as_json: bool,
) -> None:
    """Computes the Fréchet distance (FID) of the sets A (real) and B (generated). Lower is better.

    A and B are sets of images (`bench --help` says which), statistics that `bench stats` or another tool saved, or
    features [n, d]: an array named `features` in an .npz, or any array with --features. The
    plain value is the one in papers. It is too large for small sets, so compare generators by the corrected value,
    which has an interval.

    JSON keys: fid, mean_term, covariance_term, fid_corrected, fid_sd, fid_low, fid_high (null if A or B is saved
    statistics, or if the two depend on each other), n_a, n_b, name_a, name_b, digest_a, digest_b, extractor,
    extractor_version, extractor_sha256, resize, tap, limit, seed, metrics, version, warnings; with the options
    influence, crosscheck and conventions (lists), all_estimates, fid_jackknife and its _sd, _low, _high, fid_infinity.
    """
    with progress() as tell:
        result = bench.fid(
            a,
            b,
            influence=influence or 0,
            all_estimates=all_estimates,
            crosscheck=crosscheck,
            conventions=conventions,
            progress=tell,
            **settings,
        )
    if print_result(result, "json" if as_json else kind):
        return
    print_facts(_facts(result))
    if influence:
        echo()
        rows = [(row["set"], row["image"], f"{row['influence']:+.4g}") for row in result["influence"]]
        print_columns(rows, ("set", "image", "raises the FID by"))
    if crosscheck:
        echo()
        print_columns([_stage(row) for row in result["crosscheck"]], STAGE_TITLES)
    if conventions:
        echo()
        print_tables(result.tables[1:], kind, "")
    print_warnings(result["warnings"])


def _facts(result: Any) -> list[tuple[str, str]]:
    corrected = figure(result["fid_corrected"])
    if result["fid_low"] is not None:
        corrected += f"   95 % interval {figure(result['fid_low'])} to {figure(result['fid_high'])}"
    facts = [
        ("FID", styled(figure(result["fid"]), bold=True)),
        ("corrected", corrected),
        ("mean term", figure(result["mean_term"])),
        ("covariance term", figure(result["covariance_term"])),
    ]
    if result.get("fid_infinity") is not None:
        low, high = figure(result["fid_jackknife_low"]), figure(result["fid_jackknife_high"])
        facts.append(("jackknife", f"{figure(result['fid_jackknife'])}   95 % interval {low} to {high}"))
        facts.append(("FID-infinity", figure(result["fid_infinity"])))
    facts.append(("images", counts_of(result)))
    facts.append(("measured with", measured_with(result)))
    return facts


def counts_of(result: Any) -> str:
    """How many images of which sets, "?" where a file does not say it."""
    sides = [(result[f"n_{side}"], result[f"name_{side}"]) for side in "ab" if f"n_{side}" in result]
    return " against ".join(f"{'?' if count is None else format(count, ',')} {name}" for count, name in sides)


def measured_with(result: Any) -> str:
    """The extractor, the resize and the weights in one line."""
    if result["extractor"] is None:
        return "an extractor that the files do not name"
    if result["resize"] is None:
        return str(result["extractor"])
    weights = f", weights {result['extractor_sha256'][:12]}" if result["extractor_sha256"] else ", no weights"
    tap = f", tap {result['tap']}" if result.get("tap", "pool") not in ("pool", None) else ""
    return f"{result['extractor']}, resize {result['resize']}{tap}{weights}"


STAGE_TITLES = ("stage", "ours", "torch-fidelity", "largest difference", "relative", "tolerance", "")


def _stage(row: dict[str, Any]) -> tuple[str, ...]:
    values = (row["ours"], row["theirs"])
    texts = ["" if value is None else f"{value:.9g}" if isinstance(value, float) else str(value) for value in values]
    gaps = (f"{row[key]:.2g}" for key in ("max_difference", "relative", "tolerance"))
    return (row["stage"], *texts, *gaps, "ok" if row["ok"] else "DIFFERS")
