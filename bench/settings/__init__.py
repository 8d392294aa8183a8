"""Every option that the functions of `bench` and the commands share: its type, default, help and bounds, once.

A group of options is a TypedDict: the keywords of a function (`**settings: Unpack[Reading]`), from which the command
line makes its options, and `bench.options.checked` the checks of what Python hands over.
"""
