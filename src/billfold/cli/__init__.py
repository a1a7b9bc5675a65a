"""The command line: what a person types, and what comes back in words, tables and exit codes."""
