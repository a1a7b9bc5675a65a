"""The only I/O towards APIs: the network at once, the network awaited, and an answering end in this process."""
