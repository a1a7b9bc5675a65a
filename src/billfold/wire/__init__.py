"""How any API is spoken, from both ends, as plain values and generators; nothing here does I/O."""
