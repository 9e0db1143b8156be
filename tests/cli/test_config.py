"""Configs from files, and values that the command line changes."""

import pytest

from face_jax.cli.config import load_config, plain

CONFIG = '''"""A config."""
from ml_collections import ConfigDict

def get_config(argument=""):
    return ConfigDict({
        "run": {"steps": 10, "rate": 0.5, "name": argument},
        "evals": {"unseen": {"every": 2}},
    })
'''


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.py"
    path.write_text(CONFIG)
    return path


def test_values_have_the_type_that_the_config_gives_them(file):
    settings = ["run.steps=20", "run.rate=1", "run.name=12"]
    config = load_config(f"{file}:small", settings)
    assert config.run.to_dict() == {"steps": 20, "rate": 1.0, "name": "12"}
    assert isinstance(config.run.rate, float)


def test_the_argument_reaches_the_config(file):
    assert load_config(f"{file}:small").run.name == "small"


def test_a_block_can_be_emptied(file):
    assert plain(load_config(str(file), ["evals={}"]))["evals"] == {}


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("run.steps", "expected key=value"),
        ("run.stops=3", r"no key 'stops'; keys there are \['name', 'rate', 'steps'\]"),
        ("run.steps=many", "keys there are"),
        ("evals=None", r"'evals=None': expected a block; \{\} is an empty one"),
        ("evals=3", "keys there are"),
    ],
)
def test_other_overrides_are_refused(file, override, message):
    with pytest.raises(ValueError, match=message):
        load_config(str(file), [override])


def test_other_files_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"configs/smirk/synthetic80\.py"):
        load_config(str(tmp_path / "none.py"))
    (tmp_path / "empty.py").write_text("")
    with pytest.raises(ValueError, match="expected a function get_config"):
        load_config(str(tmp_path / "empty.py"))
