"""What the other packages stand on: files, folders, locks, places, and what a caller has set in torch and numpy.

It imports none of them and knows none of their errors: what goes wrong with a file is an OSError, which
`genbench.errors` words.
"""
