"""Configs: Python files that give ml-collections data; one file, one experiment."""
