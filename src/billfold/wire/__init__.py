"""How any API works, from both ends, as plain values and generators; nothing here does I/O."""
