"""Everything that makes the networks, one room per step; may import torch and the library, which never imports it.

From bottom to top: `nets`, `loop`, `patients`, `volumes`, `surfaces`, `export`, `compression`, `evaluation`,
`experiments`; each may import those before it. `python -m training` lists the commands.
"""
