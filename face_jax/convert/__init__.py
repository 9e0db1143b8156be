"""Published weights to variables and back, by table."""
