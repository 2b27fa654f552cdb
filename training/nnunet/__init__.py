"""nnU-Net v2 model folders as networks that the library runs.

May import the library and, of the training, `export`.
"""
