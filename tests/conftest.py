"""Settings that must be in place before jax is imported."""

import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")
# Eight emulated devices for sharding tests; compilation without optimisation, because
# tests compile far more than they compute.
os.environ["XLA_FLAGS"] = (
    os.environ.get("XLA_FLAGS", "")
    + " --xla_force_host_platform_device_count=8"
    + " --xla_backend_optimization_level=0"
)

# What a test compiles does not depend on the tests before it.
os.environ["JAX_ENABLE_COMPILATION_CACHE"] = "false"

# Threads of XLA. A sum over emulated devices blocks one for each device until all have
# come; with as many threads as cores, sums that devices begin in another order lock up.
os.environ.setdefault("NPROC", "32")

import cv2
import pytest
from absl import flags

from data_pipelines.sources.synthetic_settings import CACHE_VARIABLE

cv2.setNumThreads(0)
if not flags.FLAGS.is_parsed():
    flags.FLAGS.mark_as_parsed()


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory):
    """Built-in data of this run of the tests, shared by its processes."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    os.environ[CACHE_VARIABLE] = str(folder / "cache")
