"""The one error that is the user's to mend."""


class InputError(ValueError):
    """What was given cannot be used. The message is one line: what is wrong, what was expected, how to mend it.

    The command line prints it without a traceback and exits with code 2; every other exception is a bug and shows
    its traceback.
    """
