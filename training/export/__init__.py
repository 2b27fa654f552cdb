"""Trained networks as the files that the library ships, with their cards.

May import the library and, of the training, `nets`, `loop`, `patients`, `volumes` and `surfaces`.
"""
