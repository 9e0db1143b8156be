"""The compiler of TPUs, in tests that need it."""

import sys

import pytest

from face_jax.train.topologies import has_compiler

needs_compiler = pytest.mark.skipif(
    not has_compiler(),
    reason="libtpu, the compiler of TPUs, is not installed: pip install 'face-jax[plan]'",
)
"""``test_topologies`` sees to it that none is skipped where it belongs to the tools."""

EXPECTED = sys.platform == "linux"
"""There is no libtpu for other systems."""
