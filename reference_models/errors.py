"""The one error of this package that is the user's to mend."""


class ModelError(ValueError):
    """What was asked cannot be trained or loaded. One line: what is wrong, what was expected, how to mend it."""
