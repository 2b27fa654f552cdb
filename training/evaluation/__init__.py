"""What networks are worth on labelled scans: scores, cross-validation, calibration of the confidence."""
