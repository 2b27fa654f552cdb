"""Labelled CBCT phantoms built from real crowns, rooted templates and implicit anatomy.

``teeth``        rooted signed-distance models of every tooth of the 60 real dentitions (made once, cached)
``anatomy``      one random patient: teeth in their places and states, jaws, soft tissue, restorations
``surroundings`` skin, jaws, mouth, skull and spine as signed distances
``tissues``      the patient evaluated on any grid: tooth labels, materials, grey values
``acquisition``  what the scanner does to it: blur, noise, streaks, cupping, rings, grey scale
``sampler``      training samples written to a rolling folder
``evaluation``   held-out phantoms for measuring, and their material maps for a real reconstruction
``contact_sheet`` a picture of samples beside real scans
"""
