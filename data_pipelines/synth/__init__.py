"""The built-in data: faces drawn by our own code, nothing downloaded."""
