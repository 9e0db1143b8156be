"""What one element of a stream is, by system: recipes applied to a source."""
