"""Looking at what a model learned: one module per exploration, `explore(...)` in each, written by `write`.

An exploration is a function of a checkpoint and of its options: it returns values, tables and the means to draw its
pictures, and writes nothing. The same checkpoint and options give the same files.
"""

from bench.exploring._opening import Explorable, Opened, open_run
from bench.exploring._types import Explored, check_folder, default_folder, write

__all__ = ["Explorable", "Explored", "Opened", "check_folder", "default_folder", "open_run", "write"]
