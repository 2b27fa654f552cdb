"""Pictures of results, drawn without a graphics card.

May import `dentition`, `files` and `checks`. `volumes` and `jaws` compose the pages; `voxel_rendering` and
`mesh_rendering` draw surfaces, `shading` is what both share; `drawing` is paper, ink and numbers.
"""
