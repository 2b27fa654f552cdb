"""Networks trained on labelled scans of one's own: from a folder of labels to a folder of networks.

May import everything of the training but `pseudo_labels` and `experiments`.
"""
