"""Every layout of a data set: prepared, trained on for two steps, evaluated."""

import pytest

from data_pipelines.prepare.layouts import LAYOUTS
from face_jax.cli.__main__ import main
from tests.data_pipelines.prepare.replicas import BUILDERS
from tests.processes.command import run
from tests.smoke.test_configs import records, trained

CLIPS = ("videos", "voxceleb", "lrs", "mead")
LABELLED = ("mead", "raf_db", "affectnet", "kdef", "fed_ro")
SPLITS = ("train", "validation", "test")
SYSTEMS = {
    "fsrt": (CLIPS, "prepared_clips", "psnr"),
    "smirk": (tuple(LAYOUTS), "prepared_faces", "nme"),
    "latent_ofer": (LABELLED, "prepared_faces", "accuracy"),
}
"""Layouts that a system can use, as what source, and its score."""

CONFIG = """
from configs import common
from configs.fsrt import vox256
from configs.latent_ofer import pipeline
from configs.smirk import pretrain

CONFIGS = {{
    "fsrt": lambda: vox256.get_config("smoke"),
    "smirk": lambda: pretrain.get_config("smoke"),
    "latent_ofer": lambda: pipeline.get_config("smoke").stages.expression,
}}
CLASSES = ("surprise", "fear", "disgust", "happiness", "sadness", "anger", "neutral")


def part(path, split):
    block = {{"path": path, "split": split}}
    if {system!r} == "latent_ofer":
        block.update(label_names=CLASSES, labelled=True)
    return {{"source": {source!r}, {source!r}: block}}


def get_config(argument=""):
    config = CONFIGS[{system!r}]()
    (evaluation,) = config.evals.values()
    config.evals = {{}}
    for name, (path, splits) in {folders!r}.items():
        evaluated = evaluation.copy_and_resolve_references()
        item = evaluated.data.item
        evaluated.data = {{
            **part(path, splits[-1]), "item": item, item: evaluated.data[item]
        }}
        evaluated.batch_size = 2
        config.evals[name] = evaluated
    item = config.data.item
    mixture = {{
        name: {{**part(path, "train"), "weight": 1.0}}
        for name, (path, splits) in {folders!r}.items()
        if "train" in splits
    }}
    config.data = {{"mixture": mixture, "item": item, item: config.data[item]}}
    config.run.best_metric = None
    if {system!r} == "latent_ofer":
        config.task.dataset = "raf_db"
    return config
"""


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Folder of records and splits of every layout."""
    found = {}
    for name, build in BUILDERS.items():
        root = tmp_path_factory.mktemp(f"{name}-files")
        out = tmp_path_factory.mktemp("records") / name
        build(root)
        command = ["prepare", name, "--root", str(root), "--out", str(out)]
        assert main([*command, "--workers", "0"]) == 0
        splits = [s for s in SPLITS if (out / "index" / f"{s}.npz").is_file()]
        found[name] = (str(out), splits)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_prepared_data_are_trained_on_and_evaluated(system, folders, tmp_path):
    layouts, source, score = SYSTEMS[system]
    chosen = {name: folders[name] for name in layouts}
    file = tmp_path / "config.py"
    file.write_text(CONFIG.format(system=system, source=source, folders=chosen))
    run(tmp_path / "run", config=str(file), common=())
    assert trained(tmp_path / "run") == [1, 2]
    for name in layouts:
        scores = [r for r in records(tmp_path / "run") if f"{name}/{score}" in r]
        assert scores, name
