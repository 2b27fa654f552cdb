"""Labelled CBCT phantoms of random patients, from rooted teeth to samples; may import `nets`, `loop` and the library."""
