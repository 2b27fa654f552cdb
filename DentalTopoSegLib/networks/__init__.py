"""Network files: which exist, whether they are intact, and what runs them on the CPU.

May import `errors`; knows nothing about teeth.
"""
