"""The version of this billfold, as files, requests and `billfold --version` state it."""

__version__ = "0.1.0"
