"""Why a FID is what it is: its terms and directions, what equalising takes away, what is missing, who prints it so."""

from bench.explaining.explanation import FILE, explain

__all__ = ["FILE", "explain"]
