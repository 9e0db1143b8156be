"""Pure functions on pictures and points: crops, resizing, random draws."""
