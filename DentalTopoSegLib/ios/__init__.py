"""Intraoral scans: one or two jaws' surfaces in any frame -> every vertex and face numbered, with confidence."""
