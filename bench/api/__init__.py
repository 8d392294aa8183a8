"""The commands as functions, thin and typed: `bench fid` is `bench.fid`, `bench stats` is `bench.save_statistics`.

Arguments are named like the long options and mean the same; docs/python.md shows them at work. Whatever the user can
mend is an InputError, raised before anything expensive where that can be known. Nothing here prints.
"""
