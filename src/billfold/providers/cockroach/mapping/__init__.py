"""From CockroachDB Cloud's answers to FOCUS rows: what to ask, and what the answers mean."""
