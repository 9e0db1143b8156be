"""Training: one task protocol, one step builder, one loop, for every system."""
