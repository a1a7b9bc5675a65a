"""What billfold promises, proven."""
