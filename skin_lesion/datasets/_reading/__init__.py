"""What the loaders share: entries of folders, tables, splits, groups, the description."""
