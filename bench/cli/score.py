"""Any of the metrics of one set of images, or of two, in one pass."""

from typing import Any

import click

import bench
from bench.cli._options import examples, json_option, options
from bench.cli._output import echo, print_columns, print_facts, print_json, print_warnings, progress, styled
from bench.cli.fid import measured_with
from bench.measuring.scoring import Options
from bench.settings import Settings
from bench.tables.scores import in_words


@click.command(
    epilog=examples(
        "bench score digits:train digits:test --extractor digits-cnn --metrics fid,is,kid,prdc",
        "bench score digits:test --metrics is --extractor digits-cnn --json",
        "bench score digits:real-1 digits:real-2 --metrics memorisation --train digits:train --extractor digits-cnn",
    )
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="[B]", required=False)
@click.option(
    "--metrics", metavar="M,M,...", help="See `bench list metrics`.  [default: fid,kid,prdc for two sets, is for one]"
)
@click.option("--train", metavar="IMAGES", help="For memorisation: the training images of the generator of B.")
@click.option("--logits", metavar="NAME", help="For the Inception Score: logits or logits-unbiased, if there are both.")
@options(Settings)
@click.option(
    "--is-splits",
    "splits",
    type=click.IntRange(min=1),
    default=Options.splits,
    show_default=True,
    help="Parts of the set: 10 in most papers, 1 in `bench run` and its tables.",
)
@click.option(
    "--prdc-k", "k", type=click.IntRange(min=1), default=Options.k, show_default=True, help="Nearest neighbours."
)
@click.option(
    "--kid-subsets",
    "subsets",
    type=click.IntRange(min=1),
    default=Options.subsets,
    show_default=True,
    help="Of torch-fidelity's KID.",
)
@click.option(
    "--kid-subset-size", "subset_size", type=click.IntRange(min=2), default=Options.subset_size, show_default=True
)
@json_option
def command(
    a: str,
    b: str | None,
    metrics: str | None,
    train: str | None,
    logits: str | None,
    settings: dict[str, Any],
    splits: int,
    k: int,
    subsets: int,
    subset_size: int,
    as_json: bool,
) -> None:
    """Computes metrics of the set A, or of the sets A (real) and B (generated), in one pass over the images.

    JSON keys: those of each metric. A metric of two sets keeps its own (fid, fid_corrected, ...; kid, kid_low, ...;
    precision, recall, density, coverage; mse, mae, psnr, ssim). The keys of a metric of one set end in its letter
    (inception_score_a, inception_score_b), even if there is only one set. There are also n_a, n_b, name_a, name_b,
    digest_a, digest_b, extractor, extractor_version, extractor_sha256, resize, tap, tap_logits, limit, seed, the
    options that were used, metrics, version, warnings. Paired errors alone need no features, and extractor is null.
    They compare image by image: files by their names, arrays by position. paired_by and first_pairs show the pairs.

    Memorisation needs --train. B must be generated images, and A real images that the generator has not seen. Its keys:
    near_duplicates, authpct, c_t, train_share and others (docs/metrics.md); exact_copies, near_copies and others from
    the pixels; flags, the reasons for which a leaderboard would not rank the images.
    """
    with progress() as tell:
        result = bench.score(
            a,
            b,
            metrics=() if metrics is None else [name.strip() for name in metrics.split(",")],
            train=train,
            logits=logits,
            splits=splits,
            k=k,
            subsets=subsets,
            subset_size=subset_size,
            progress=tell,
            **settings,
        )
    if as_json:
        print_json(dict(result))
        return
    print_columns(in_words(result.table), ("metric", "value", "corrected", "95 % interval", ""))
    echo()
    for reason in result.get("flags", ()):
        echo(styled("flagged:", fg="red"), " ", reason)
    sides = [side for side in "ab" if f"n_{side}" in result]
    facts = [("images", " against ".join(f"{result[f'n_{side}']:,} {result[f'name_{side}']}" for side in sides))]
    if "paired_by" in result:
        facts.append(("paired by", f"{result['paired_by']}: {result['first_pairs']}"))
    print_facts(facts if result["extractor"] is None else [*facts, ("measured with", measured_with(result))])
    print_warnings(result["warnings"])
