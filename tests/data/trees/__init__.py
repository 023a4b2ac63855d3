"""Writers of tiny trees in the layouts of the published data sets: drawn noise and shapes, no real picture."""
