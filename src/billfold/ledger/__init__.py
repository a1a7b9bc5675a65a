"""What is known, kept: an archive of every answer as it came, and the ledger computed from it alone."""
