"""The vendors' own SDKs, unmodified, each in an environment of its own, reading from the twin."""
