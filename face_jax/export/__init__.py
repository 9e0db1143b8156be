"""Models as StableHLO programs that run without this library."""
