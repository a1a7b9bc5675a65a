"""What a company says of itself in its configuration: one module a section, each from plain TOML values to typed ones."""
