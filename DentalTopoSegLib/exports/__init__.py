"""Results in the formats of other programs.

May import everything below `runs`.
"""
