"""The report on a result: its JSON, and what people read of it (terminal, web page, spreadsheet).

May import `dentition`, `files` and `checks`.
"""
