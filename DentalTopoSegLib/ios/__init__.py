"""The intraoral path: the surface of a jaw in any position in, numbered vertices and triangles out.

May import `dentition`, `files` and `networks`. `segmenting.segment_jaws` is the way in; it is not imported here,
because training needs the sampling alone.
"""
