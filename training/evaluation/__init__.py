"""What networks are worth on labelled scans: scores, cross-validation, calibration of the confidence.

May import the library and every room of the training but `experiments`.
"""
