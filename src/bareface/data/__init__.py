"""Files to samples: one file a data set, manifests, splits, transforms, the DataModule."""
