"""Submissions to the leaderboard: images or a generator are opened, checked and measured; entries are verified later.

`open_material` reads what was handed in, `check_images` looks at it, `submit` measures it and writes the entry.
`verify_one` and `verify_all` check entries again, up to the level that a `Source` of images or of a model allows.
"""

from bench.submissions.levels import Source, find_entry, verify_all, verify_one
from bench.submissions.material import How, Material, open_material
from bench.submissions.submitting import Checked, check_images, submit
from bench.submissions.verifying import Verdict

__all__ = [
    "Checked",
    "How",
    "Material",
    "Source",
    "Verdict",
    "check_images",
    "find_entry",
    "open_material",
    "submit",
    "verify_all",
    "verify_one",
]
