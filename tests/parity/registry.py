"""Which function runs which part of which system."""

import functools
import importlib

from tests.parity.fixture import Fixture, Part

PART_MODULES: dict[str, tuple[str, ...]] = {
    "fsrt": (
        "tests.parity.fsrt_functions",
        "tests.parity.fsrt_networks",
        "tests.parity.fsrt_data",
        "tests.parity.fsrt_training",
    ),
    "latent_ofer": (
        "tests.parity.latent_ofer_expression",
        "tests.parity.latent_ofer_generator",
        "tests.parity.latent_ofer_mae",
        "tests.parity.latent_ofer_recognizer",
        "tests.parity.latent_ofer_refinement",
        "tests.parity.latent_ofer_svdd",
    ),
    "metrics": ("tests.parity.metrics",),
    "render": ("tests.parity.render",),
    "smirk": (
        "tests.parity.smirk_geometry",
        "tests.parity.smirk_rendering",
        "tests.parity.smirk_networks",
        "tests.parity.smirk_functions",
    ),
}
"""Modules that expose ``PARTS``, by system."""


def find_part(fixture: Fixture) -> Part:
    """The function for a file.

    Raises:
      ValueError: the file's system or part is not known.
    """
    if fixture.system not in PART_MODULES:
        known = ", ".join(sorted(PART_MODULES))
        raise ValueError(f"unknown system {fixture.system!r}, known: {known}")
    parts = parts_of(fixture.system)
    if fixture.part not in parts:
        known = ", ".join(sorted(parts))
        raise ValueError(f"unknown part {fixture.part!r}, known: {known}")
    return parts[fixture.part]


@functools.cache
def parts_of(system: str) -> dict[str, Part]:
    """All parts of a system."""
    parts: dict[str, Part] = {}
    for module in PART_MODULES[system]:
        parts |= importlib.import_module(module).PARTS
    return parts
