"""What clips of any kind need: filters over time, measures of jitter, chunks."""
