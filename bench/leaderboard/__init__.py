"""Tracks, entries, ranks, differences: everything that a board says, from the files of a results folder."""
