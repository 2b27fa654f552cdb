"""What a result is worth: its topology, what is wrong with it, how to mend it, how it scores against a reference.

May import `dentition`, `files` and, the rules that the networks' own cutting uses, `cbct` and `ios`.
"""
