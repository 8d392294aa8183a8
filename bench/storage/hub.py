"""Models of the Hugging Face Hub, fetched by its own library: `hub:OWNER/NAME`, or `hub:OWNER/NAME@REVISION`."""

import re
from functools import cache
from pathlib import Path

from bench.storage.download import is_offline
from genbench.errors import one_line
from metrics.errors import InputError

FROM_HUB = "hub:"
ADDRESS = re.compile(r"hub:(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")


@cache
def fetch(address: str, files: tuple[str, ...]) -> tuple[Path, str]:
    """The folder that holds these files of a model, and the commit that they are of; asked once in a process.

    InputError for an address that is none, where huggingface-hub is not installed, and where the Hub cannot be reached
    or has no such model.
    """
    found = ADDRESS.fullmatch(address)
    if not found:
        raise InputError(f"{address!r} is no model of the Hub; expected hub:OWNER/NAME or hub:OWNER/NAME@REVISION")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise InputError(f"{address} needs huggingface-hub: pip install 'genbench[hub]'") from error
    asked = {"revision": found["revision"], "allow_patterns": list(files), "local_files_only": is_offline()}
    try:
        folder = Path(snapshot_download(found["name"], **asked))
    except (HfHubHTTPError, OSError, ValueError, RuntimeError) as error:
        raise InputError(
            f"{address} cannot be had ({one_line(error)}); check its name and the network, or give a folder with it"
        ) from error
    return folder, folder.name
