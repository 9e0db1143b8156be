"""What the archives hold, for tests without PyTorch."""

from pathlib import Path

ARCHIVES = Path(__file__).parent / "archives"
TYPES = ("float16", "bfloat16", "float32", "float64", "uint8", "int8", "int16", "int32")
