"""Checks of extractors and metrics under damage whose strength is known: see docs/sanity.md.

`damages` are of one image, `checks` of a whole set, `measuring` turns both into numbers, `judging` says what passes;
`distributions`, `criteria` and `synthetic` are the checks that need no images.
"""
