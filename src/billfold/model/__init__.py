"""The ground floor: what a bill is, in FOCUS words, with nothing but the standard library."""
