"""Generators with published weights. A module without a leading underscore holds one constant `PRETRAINED`."""
