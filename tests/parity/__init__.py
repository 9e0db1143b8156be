"""Golden data: what the published systems return for given inputs and weights."""
