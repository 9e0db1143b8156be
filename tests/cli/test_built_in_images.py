"""Runs draw the synthetic pictures that they read."""

import pytest

from data_pipelines.sources.synthetic_images import SyntheticImages, built_in_images
from data_pipelines.sources.synthetic_settings import CACHE_VARIABLE
from face_jax.cli import synthetic_data

SMALL = {"people": 2, "images_per_person": 2, "size": 16}


@pytest.fixture
def drawn(monkeypatch, tmp_path):
    """Settings of the data sets that are asked for; nothing is drawn."""
    monkeypatch.setenv(CACHE_VARIABLE, str(tmp_path))
    asked = []

    def generate(folder, settings):
        assert folder == settings.folder()
        asked.append(settings)
        return synthetic_data.Generated(0, 0.0)

    monkeypatch.setattr(synthetic_data, "generate", generate)
    return asked


def test_built_in_pictures_are_drawn_where_they_are_read(drawn):
    read = {"source": "synthetic_images", "synthetic_images": {"built_in": SMALL}}
    part = read | {"weight": 1.0}
    clips = {"source": "synthetic", "synthetic": {"built_in": {"people": 1}}}
    synthetic_data.ensure(
        {"item": "smirk_item", **read},
        {"item": "smirk_item", "mixture": {"one": part, "other": clips}},
    )
    assert len(drawn) == 2 and drawn[0] == built_in_images(**SMALL)
    assert drawn[0].images == 4 and drawn[1].clips == 1


def test_pictures_of_a_folder_are_not_drawn(drawn, tmp_path):
    block = {"source": "synthetic_images", "item": "smirk_item"}
    synthetic_data.ensure(block | {"synthetic_images": {"path": str(tmp_path)}})
    synthetic_data.ensure(block | {"source": "faces"})
    assert not drawn
    with pytest.raises(FileNotFoundError, match="--images N"):
        SyntheticImages(tmp_path)
