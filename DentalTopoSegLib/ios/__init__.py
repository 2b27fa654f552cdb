"""Intraoral scans: one or two jaws' surfaces in any frame -> every vertex and face numbered, with confidence.

``segmenting.segment_jaws`` is the way in; it is not imported here, because training needs the sampling alone.
"""
