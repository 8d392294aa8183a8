"""Whether what came out of a run made again agrees with what is published of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.protocol import difference
from bench.reproducing.plan import PlannedRun
from bench.reproducing.published import Published

Verdict = Literal["same images", "agrees", "differs", "not comparable", "not published", "not finished", "failed"]


@dataclass(frozen=True)
class Made:
    """One seed of a planned run made again, in one domain: its FID beside the published one.

    `verdict` is "same images" where they are the published ones bit for bit, "agrees" where the FID is within the
    tolerance of the published one, "not comparable" where it is of another protocol. `why` says more where more is to
    be said; `record` is the file of what was made, "" where nothing was.
    """

    name: str
    seed: int
    domain: str
    verdict: Verdict
    fid: float | None = None
    published: float | None = None
    tolerance: float | None = None
    why: str = ""
    record: str = ""


def compared(
    name: str, run: PlannedRun, seed: int, made: Published, earlier: Published | None, record: str
) -> Iterator[Made]:
    """What was made of a seed, held against the plan and against the images that were published."""
    expected = run.expected(seed)
    for domain, fid in made.fid.items():
        known = expected.get(domain)
        verdict, why = _verdict(run, made, earlier, domain, known)
        yield Made(name, seed, domain, verdict, fid, known, run.tolerance.get(domain), why, record)


def _verdict(
    run: PlannedRun, made: Published, earlier: Published | None, domain: str, known: float | None
) -> tuple[Verdict, str]:
    if earlier and earlier.digests.get(domain) == made.digests[domain]:
        return "same images", ""
    if known is None:
        return "not published", ""
    if made.protocol.id != run.protocol:
        fields = f" ({', '.join(difference(made.protocol, earlier.protocol))})" if earlier else ""
        return "not comparable", f"the published one is of the protocol {run.protocol}, this one of another{fields}"
    off, most = abs(made.fid[domain] - known), run.tolerance[domain]
    return ("agrees", "") if off <= most else ("differs", f"by {off:.3g}, the tolerance is {most:g}")
