"""The vendors' billing systems, played: one world, one clock, faults on demand."""
