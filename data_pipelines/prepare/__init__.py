"""Data sets as records: what other parts of the library and TFDS read without their owners' files."""
