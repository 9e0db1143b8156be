"""The built-in data: faces rendered by our own code, nothing downloaded."""
