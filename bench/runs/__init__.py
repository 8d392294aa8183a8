"""Runs of reference models: planned, trained, sampled, measured, found again."""
