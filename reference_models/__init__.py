"""Reference generators: one file per model, each with its configuration, networks, losses, step and samples."""

CHECKPOINT = "checkpoint.safetensors"  # of a run, in its folder; here, so that looking for one needs no torch
