"""The console command; the only package that joins both halves of the library."""
