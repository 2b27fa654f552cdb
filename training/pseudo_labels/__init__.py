"""Coarse-to-fine pseudo annotations (CFP): a network that numbers teeth learns from scans that nobody has labelled."""
