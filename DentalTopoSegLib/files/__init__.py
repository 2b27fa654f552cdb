"""Scans, meshes, label maps and results on disk: read with every check, written whole or not at all.

May import `dentition` and `errors`.
"""
