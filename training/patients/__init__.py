"""Labelled CBCT phantoms of random patients, from rooted teeth to written samples.

May import the library and, of the training, `nets` and `loop`.
"""
