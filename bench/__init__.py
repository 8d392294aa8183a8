"""bench: measures and compares image generators."""

__version__ = "0.1.0"
