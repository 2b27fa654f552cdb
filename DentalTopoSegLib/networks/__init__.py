"""Network files: which exist, whether they are intact, and what runs them on the CPU.

May import `errors` and `options`; knows nothing about teeth.
"""
