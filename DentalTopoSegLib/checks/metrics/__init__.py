"""Scores of labels against a reference: `label_maps` for volumes, `surfaces` for intraoral scans."""
