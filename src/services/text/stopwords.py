"""English function words that tell nothing about a passage.

``if``, ``not``, ``no``, ``with`` and ``where`` stay searchable: in questions about code they often
are the very thing asked about, and leaving them out measured worse. The last line is what is left of
"don't" and the like.
"""

_WORDS = """
a an the and or but as at by for from in into of on such to
i it that their then there these they this
is are was be will do does did
what when which who whom whose why how
don doesn didn isn aren wasn
"""

STOP_WORDS = frozenset(_WORDS.split())
