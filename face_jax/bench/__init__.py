"""Times named computations beside a plain matrix product, all in one interleaved run."""
