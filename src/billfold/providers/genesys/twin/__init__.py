"""Genesys Cloud's twin: the true FOCUS rows and a time, as the vendor's own records."""
