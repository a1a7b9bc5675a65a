"""From Vultr's answers to FOCUS rows: what to ask, and what the answers mean."""
