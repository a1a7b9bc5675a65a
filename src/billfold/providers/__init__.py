"""The vendors, one folder each; found, not listed."""
