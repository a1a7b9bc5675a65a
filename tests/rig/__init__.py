"""The rig: syncs that are killed, lied to and interleaved, and then compared with the truth."""
