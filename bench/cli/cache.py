"""Shows, verifies or empties the cache of features and statistics."""

from datetime import timedelta

import click

from bench.cli._options import examples, json_option
from bench.cli._output import echo, print_columns, print_facts, print_json

KEY_SHOWN = 12


@click.group(invoke_without_command=True, epilog=examples("bench cache", "bench cache verify"))
@click.pass_context
@json_option
def command(ctx: click.Context, as_json: bool) -> None:
    """Shows or empties the cache, which keeps the features and statistics of sets that were measured before.

    The key of an entry is the content of the images, the extractor, its weights and the resize. It has no names and no
    dates, so an entry cannot become stale. $BENCH_CACHE names another folder. Without a command: show.
    """
    if ctx.invoked_subcommand is None:
        _show(as_json)


@command.command(epilog=examples("bench cache show", "bench cache show --json"))
@json_option
def show(as_json: bool) -> None:
    """Lists all entries, the oldest first.

    JSON keys: folder, size_bytes, entries (key, what, source, when, size_bytes), engines_bytes (compiled networks).
    """
    _show(as_json)


@command.command(epilog=examples("bench cache verify", "bench cache verify --json"))
@json_option
@click.pass_context
def verify(ctx: click.Context, as_json: bool) -> None:
    """Reads every byte of every entry. The exit code is 1 if an entry is damaged.

    A damaged entry is never used; it is replaced when it is needed. JSON keys: folder, entries (their number), damaged
    (key, problem).
    """
    from bench.storage.cache import open_cache

    cache = open_cache()
    count, damaged = len(cache.entries()), cache.verify()
    if as_json:
        rows = [{"key": finding.key, "problem": finding.problem} for finding in damaged]
        print_json({"folder": str(cache.root), "entries": count, "damaged": rows})
    else:
        for finding in damaged:
            echo(f"damaged: {finding.key[:KEY_SHOWN]} {finding.problem}")
        echo(f"{count - len(damaged):,} of {count:,} entries of {cache.root} are sound")
    if damaged:
        ctx.exit(1)


@command.command(epilog=examples("bench cache empty", "bench cache empty --older-than 30"))
@click.option("--older-than", type=click.FloatRange(min=0), metavar="DAYS", help="Remove only entries older than this.")
@json_option
def empty(older_than: float | None, as_json: bool) -> None:
    """Removes all entries and compiled networks, or only old ones. They are computed again when they are needed.

    JSON keys: folder, freed_bytes.
    """
    from bench.storage.cache import open_cache
    from bench.storage.engines import empty_engines

    cache = open_cache()
    age = None if older_than is None else timedelta(days=older_than)
    freed = cache.empty(age) + empty_engines(age)
    if as_json:
        print_json({"folder": str(cache.root), "freed_bytes": freed})
    else:
        echo(f"freed {_size(freed)} in {cache.root}")


def _show(as_json: bool) -> None:
    from bench.storage.cache import open_cache
    from bench.storage.engines import engines

    cache = open_cache()
    entries = cache.entries()
    total = sum(entry.size_bytes for entry in entries)
    compiled = sum(path.stat().st_size for path in engines())
    if as_json:
        rows = [
            {
                "key": entry.key,
                "what": entry.what,
                "source": entry.source,
                "when": entry.when.isoformat(),
                "size_bytes": entry.size_bytes,
            }
            for entry in entries
        ]
        print_json({"folder": str(cache.root), "size_bytes": total, "entries": rows, "engines_bytes": compiled})
        return
    lines = [
        (entry.key[:KEY_SHOWN], f"{entry.when:%Y-%m-%d %H:%M}", _size(entry.size_bytes), entry.source, entry.what)
        for entry in entries
    ]
    print_columns(lines, ("key", "written (UTC)", "size", "images", "what"))
    facts = [("folder", str(cache.root)), ("entries", f"{len(entries):,}"), ("size", _size(total))]
    print_facts([*facts, ("compiled networks", _size(compiled))])


def _size(count: float) -> str:
    for unit in ("B", "KB", "MB"):
        if count < 1000:
            return f"{count:.3g} {unit}"
        count /= 1000
    return f"{count:.3g} GB"
