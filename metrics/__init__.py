"""Metrics of image generators: arithmetic only, arrays in, floats out. One file per metric."""
