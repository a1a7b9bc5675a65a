"""Tests of what the sections of the configuration hold."""
