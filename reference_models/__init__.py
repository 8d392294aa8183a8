"""Reference generators: one file per model, each with its configuration, networks, losses, step and samples."""
