"""Any of the metrics of one set of images, or of two, in one pass."""

from typing import Any

import click

import bench
from bench.api.result import Result
from bench.cli._metric_options import asked, with_metric_options
from bench.cli._options import Words, examples, format_option, json_option, options
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
from bench.cli.fid import counts_of, measured_with
from bench.measuring.copies import METRIC as COPIES
from bench.measuring.declared import every_metric
from bench.settings.sets import LabelledSettings
from bench.tables.scores import in_words


class Scoring(click.Command):
    """A command whose options include those that metrics declare, and whose help lists the numbers of each metric."""

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return with_metric_options(super().get_params(ctx), every_metric())

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        keys = [(one.name, ", ".join(output.name for output in one.outputs)) for one in (*every_metric(), COPIES)]
        with formatter.section("Numbers of each metric"):
            formatter.write_dl(keys)
        super().format_epilog(ctx, formatter)


@click.command(
    cls=Scoring,
    epilog=examples(
        "bench score digits:train digits:test --extractor digits-cnn --metrics fid,is,kid,prdc",
        "bench score digits:test --metrics is --extractor digits-cnn --json",
        "bench score digits:train digits:test --extractor digits-cnn --metrics fid,prdc --by-class",
        "bench score digits:real-1 digits:real-2 --metrics memorisation --train digits:train --extractor digits-cnn",
    ),
)
@click.argument("a", metavar="A")
@click.argument("b", metavar="[B]", required=False)
@click.option(
    "--metrics",
    type=Words(),
    metavar="M,M,...",
    help="See `bench list metrics`.  [default: fid,kid,prdc for two sets, is for one]",
)
@click.option("--train", metavar="IMAGES", help="For memorisation and fld: the training images of the generator of B.")
@click.option("--logits", metavar="NAME", help="For the Inception Score: logits or logits-unbiased, if there are both.")
@click.option(
    "--by-class", is_flag=True, help="Also of each class alone; both sets must say their classes, or see --labels."
)
@format_option
@options(LabelledSettings)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    /,
    a: str,
    b: str | None,
    metrics: list[str] | None,
    train: str | None,
    logits: str | None,
    by_class: bool,
    kind: str,
    settings: dict[str, Any],
    as_json: bool,
    **metric_options: Any,
) -> None:
    """Computes metrics of the set A, or of the sets A (real) and B (generated), in one pass over the images.

    With --format csv, every score is a row, with the extractor. It belongs to no protocol, so that column is empty.

    JSON keys: those of each metric, below, and of its intervals. The keys of a metric of one set end in its letter
    (inception_score_a, inception_score_b), even if there is only one set. There are also n_a, n_b, name_a, name_b,
    digest_a, digest_b, extractor, extractor_version, extractor_sha256, resize, tap, tap_logits, limit, seed, the
    options that were used, metrics, version, warnings. Paired errors alone need no features, and extractor is null.
    They compare image by image: files by their names, arrays by position. paired_by and first_pairs show the pairs.

    Memorisation and FLD need --train. B must be generated images, and A real images that the generator has not seen.
    There are also the numbers of copies, from the pixels, and flags, the reasons for which a leaderboard would not rank
    them.
    """
    with progress() as tell:
        result = bench.score(
            a,
            b,
            metrics=metrics or (),
            train=train,
            logits=logits,
            by_class=by_class,
            progress=tell,
            **asked(ctx, metric_options),
            **settings,
        )
    if not print_result(result, "json" if as_json else kind):
        _show(result)


def _show(result: Result) -> None:
    print_columns(in_words(result.table), ("metric", "value", "corrected", "95 % interval", ""))
    echo()
    for table in result.tables[1:]:
        print_tables([table], "terminal", "")
        echo()
    for reason in result.get("flags", ()):
        echo(styled("flagged:", fg="red"), " ", reason)
    facts = [("images", counts_of(result))]
    if "paired_by" in result:
        facts.append(("paired by", f"{result['paired_by']}: {result['first_pairs']}"))
    print_facts(facts if result["extractor"] is None else [*facts, ("measured with", measured_with(result))])
    print_warnings(result["warnings"])
