"""Files, folders, locks and places: what the other packages share, on the standard library and platformdirs alone.

Nothing here knows the errors of the other packages: what goes wrong is an OSError, which `storage.errors` words.
"""
