"""On what features were computed, as far as it may move them by rounding: processor, engine, device, threads.

The same machine gives the same bits. Between instruction sets and versions of an engine nobody promises that, so every
entry of features says where its rows come from.
"""

import platform
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from genbench.threads import asked_threads, usable_cores
from metrics.errors import InputError

Machine = Mapping[str, str | int]
Share = tuple[Machine, int]  # a machine, and how many images were measured on it
ENGINES = ("onnxruntime", "torch", "numpy", "pillow")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "asimd", "sve", "sve2")


@cache
def this_machine(device: str) -> Machine:
    """The one that this process runs on."""
    return {
        "processor": " ".join([platform.machine(), *_instructions()]),
        "engine": ", ".join(f"{name} {found}" for name in ENGINES if (found := _version(name))),
        "device": _gpu(device) if device.startswith("cuda") else device,
        "threads": asked_threads() or usable_cores(),
    }


def together(shares: Iterable[Share]) -> tuple[Share, ...]:
    """Each machine once, that of most images first."""
    counts: dict[tuple[tuple[str, str | int], ...], int] = {}
    for machine, count in shares:
        key = tuple(sorted(machine.items()))
        counts[key] = counts.get(key, 0) + count
    return tuple((dict(key), counts[key]) for key in sorted(counts, key=lambda key: (-counts[key], key)))


def differing(shares: Iterable[Share]) -> str:
    """What differs between machines, in words: `threads 1 and 2`."""
    machines = [machine for machine, _ in shares]
    names = dict.fromkeys(name for machine in machines for name in machine)
    values = {name: list(dict.fromkeys(str(machine.get(name)) for machine in machines)) for name in names}
    return "; ".join(f"{name} {' and '.join(found)}" for name, found in values.items() if len(found) > 1)


def about_machines(sets: Mapping[str, tuple[Share, ...]], exact: bool) -> str:
    """What to say of sets by name of which each was measured on one machine, and not all on the same; "" of others.

    Only `exact` minds the number of threads. InputError where machines differ and it forbids that.
    """
    alone = {name: shares[0] for name, shares in sets.items() if len(shares) == 1}
    names = " and ".join(alone)
    if exact and (what := differing(alone.values())):
        raise InputError(
            f"{names} were measured on machines that differ ({what}), and --exact forbids it; measure them again with "
            "--no-cache on machines of one kind"
        )
    without = [({name: said for name, said in one.items() if name != "threads"}, 0) for one, _ in alone.values()]
    what = differing(without)
    return f"{names} were measured on machines that differ ({what}): that moves features by rounding" if what else ""


def _instructions() -> list[str]:
    """The extensions of the instruction set that engines choose their kernels by, where the system tells them."""
    listing = Path("/proc/cpuinfo")
    if not listing.is_file():
        return [platform.processor()]
    lines = listing.read_text(encoding="utf-8", errors="replace").splitlines()
    flags = next((line.partition(":")[2].split() for line in lines if line.startswith(("flags", "Features"))), [])
    return [name for name in INSTRUCTIONS if name in flags]


def _version(name: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # 13 ms, which an answer from the cache can do without

    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def _gpu(device: str) -> str:
    import torch

    return str(torch.cuda.get_device_name(device))
