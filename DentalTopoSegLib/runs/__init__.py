"""Whole runs as a command or a host program starts them: read, segment, check, write.

May import everything below; `worker` runs one in a process of its own, `batch` many.
"""
