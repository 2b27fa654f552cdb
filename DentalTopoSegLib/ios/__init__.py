"""The intraoral path: the surface of a jaw in any position in, numbered vertices and triangles out.

May import what lies below: `dentition`, `files`, `networks`, `options`, `stages`. `segmenting.segment_jaws` is the way
in; it is not imported here, because training needs the sampling alone.
"""
