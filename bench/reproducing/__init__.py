"""The published runs: which ones there are, whether they stand, and whether a fresh run agrees with them."""
