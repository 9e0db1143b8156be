"""Dependencies point one way: read from the imports themselves."""

import ast
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("face_jax", "data_pipelines", "configs")
SYSTEMS = ("fsrt", "latent_ofer", "smirk")
TOP = ("systems", "published", "api")
"""Modules that know every system."""

SHARED = (
    "nn",
    "geometry",
    "heads",
    "render",
    "fitting",
    "mesh_files",
    "losses",
    "metrics",
    "temporal",
)
GENERATOR = "data_pipelines/synth/"
"""Draws faces offline, in the main process: the one part of its half that uses JAX."""

IMPORT_NAMES = {
    "absl-py": "absl",
    "opencv-python-headless": "cv2",
    "orbax-checkpoint": "orbax",
    "tensorflow-datasets": "tensorflow_datasets",
    "ml-collections": "ml_collections",
    "tensorboardx": "tensorboardX",
}
"""Where a package is imported under another name than it is installed by."""


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def imports_below(folder: str) -> dict[Path, set[str]]:
    files = sorted((ROOT / folder).rglob("*.py"))
    assert files, folder
    return {path.relative_to(ROOT): imports(path) for path in files}


def offences(folder: str, forbidden: str, allowed: tuple[str, ...] = ()) -> list[str]:
    pattern = re.compile(forbidden)
    return [
        f"{path} imports {name}"
        for path, names in imports_below(folder).items()
        for name in sorted(names)
        if pattern.match(name) and not str(path).startswith(allowed or ("-",))
    ]


def test_the_data_half_makes_no_jax_call():
    libraries = r"(jax|flax|optax|orbax|clu|face_jax)(\.|$)"
    assert not offences("data_pipelines", libraries, (GENERATOR,))


def test_the_generator_of_faces_knows_heads_and_the_renderer_alone():
    others = r"(optax|orbax|clu)(\.|$)|face_jax\.(?!geometry|heads|render|types)"
    assert not offences(GENERATOR, others)


def test_data_workers_never_import_the_generator():
    assert not offences("data_pipelines", r"data_pipelines\.synth(\.|$)", (GENERATOR,))


def test_only_the_command_line_joins_both_halves():
    assert not offences(
        "face_jax", r"(data_pipelines|configs)(\.|$)", ("face_jax/cli/",)
    )


def test_the_train_loop_knows_no_system():
    systems = "|".join((*SYSTEMS, *TOP, "cli"))
    assert not offences("face_jax/train", rf"face_jax\.({systems})(\.|$)")


def test_measuring_knows_no_system():
    systems = "|".join((*SYSTEMS, *TOP, "cli"))
    assert not offences("face_jax/bench", rf"face_jax\.({systems})(\.|$)")


def test_shared_code_knows_no_system_and_no_loop():
    above = "|".join((*SYSTEMS, *TOP, "cli", "train", "bench"))
    for folder in SHARED:
        if (ROOT / "face_jax" / folder).exists():
            assert not offences(f"face_jax/{folder}", rf"face_jax\.({above})(\.|$)")


def test_systems_do_not_know_each_other():
    for system in SYSTEMS:
        if (ROOT / "face_jax" / system).exists():
            others = "|".join((*(s for s in SYSTEMS if s != system), *TOP, "cli"))
            assert not offences(f"face_jax/{system}", rf"face_jax\.({others})(\.|$)")


def test_only_declared_packages_are_imported():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["tensorboard"]]
    names = [re.split(r"[\[<>=]", text)[0].lower() for text in wanted]
    declared = {IMPORT_NAMES.get(name, name.replace("-", "_")) for name in names}
    known = declared | set(PACKAGES) | set(sys.stdlib_module_names)
    used = {
        name.split(".")[0]
        for package in PACKAGES
        for names in imports_below(package).values()
        for name in names
    }
    assert used <= known, sorted(used - known)
