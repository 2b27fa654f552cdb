"""Pictures of results, drawn without a graphics card.

May import `dentition`, `files` and `checks`.
"""
