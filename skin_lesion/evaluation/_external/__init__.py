"""Judge a model on images from elsewhere."""
