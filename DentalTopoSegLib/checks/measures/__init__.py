"""A dentition with everything measured on it that findings and repairs ask for.

`label_map.Case` and `jaw.JawCase` answer the questions of `case.DentitionCase`. May import `dentition`, `files` and
`checks.topology`.
"""
