"""Reports of runs: what a person hands in, as one document; and what to cite.

A report is put together as a document of blocks (`sections`), which one renderer per format writes.
"""
