"""Known heads of a data set, and the command that compares estimates with them."""

import json
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from data_pipelines.sources.synthetic_settings import SyntheticSettings
from data_pipelines.synth import generate as generator
from data_pipelines.synth.scene import Studio
from data_pipelines.synth.shots import Director
from face_jax.cli import known_heads
from face_jax.cli.__main__ import main
from face_jax.cli.known_heads import (
    camera_of_landmarks,
    known_faces,
    special_faces,
    special_shots,
    stored_faces,
)
from face_jax.geometry.cameras import project_weak_perspective, projected_to_pixels
from face_jax.heads.procedural import procedural_head
from face_jax.smirk import head_report, inference
from face_jax.smirk.known_heads import errors
from face_jax.smirk.projection import project_face
from tests.smirk.small_model import small_model

SETTINGS = SyntheticSettings(images=40, size=48, images_per_person=2, occluded=0)


class LandmarkStudio:
    """Renders grey noise, and the landmarks where the real studio has them."""

    def __init__(self, head, size):
        self.head, self.size = head, size
        self._project = jax.jit(project_face)

    def render(self, persons, parameters, cameras, lights, backgrounds):
        face = self._project(self.head, parameters, jnp.asarray(cameras))
        size = (self.size, self.size)
        points = [
            np.asarray(projected_to_pixels(found, size))
            for found in (face.landmarks_68, face.landmarks_105)
        ]
        masks = np.zeros(backgrounds.shape[:3], np.uint8)
        return SimpleNamespace(
            images=backgrounds,
            face_mask=masks,
            landmarks_68=points[0],
            landmarks_105=points[1],
        )


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The data block of a run on a small data set of the built-in head."""
    folder = tmp_path_factory.mktemp("people")
    head = procedural_head()
    studio = LandmarkStudio(head, SETTINGS.size)
    generator.generate(folder, SETTINGS, head, studio)
    return {
        "source": "synthetic_images",
        "synthetic_images": {"path": str(folder), "split": "train", "occluders": True},
        "item": "smirk_item",
        "smirk_item": {"size": 32, "mode": "train", "truth": {"shape_params": 57}},
    }


@pytest.fixture(scope="module")
def model():
    return small_model("procedural", generator=False)


def test_the_truth_lands_on_the_landmarks(data, model):
    heads = known_heads.known_heads(stored_faces(data, "test"), data["smirk_item"])
    assert heads.images.shape == (4, 32, 32, 3)
    assert heads.identity.tolist() == [9, 9, 19, 19]
    found = errors(model, heads.faces, heads)
    # Percent of the distance between the eyes, which are a dozen pixels apart.
    assert found["landmarks_68"].max() < 0.1 and found["landmarks_105"].max() < 0.1
    one = known_heads.known_heads(stored_faces(data, "test"), data["smirk_item"], 1)
    assert one.identity.tolist() == [9, 9]


def test_training_faces_are_spread_over_the_split(data, monkeypatch):
    source, item = stored_faces(data, "train"), data["smirk_item"]
    every = known_faces(source, item)
    assert every.camera.shape == (32, 3)
    assert every.head.shape_params.shape == (32, 57)
    monkeypatch.setattr(known_heads, "MEAN_PICTURES", 3)
    few = known_faces(source, item)
    np.testing.assert_array_equal(few.camera, every.camera[jnp.array([0, 16, 31])])


def test_cameras_of_landmarks_are_half_a_pixel_away():
    points = jnp.float32([[[0.02, -0.03, 0.1], [0, 0, 0]]])
    camera, size = jnp.float32([[6.0, 0.01, -0.02]]), 64
    drawn = projected_to_pixels(project_weak_perspective(points, camera), (size, size))
    moved = project_weak_perspective(points, camera_of_landmarks(camera, size))
    np.testing.assert_allclose(moved[..., :2], drawn / size * 2 - 1, atol=1e-6)


def test_special_shots_are_of_test_people_and_reproducible():
    director = Director(SETTINGS, procedural_head())
    shots = special_shots(director, SETTINGS, "asymmetric", most=5, pictures=3)
    assert [shot.identity for shot in shots] == [9, 9, 9, 19, 19, 19]
    again = special_shots(director, SETTINGS, "asymmetric", most=1, pictures=3)
    other = special_shots(director, SETTINGS, "extreme", most=1, pictures=3)
    for one, two, three in zip(shots[:3], again, other, strict=True):
        np.testing.assert_array_equal(one.weights, two.weights)
        np.testing.assert_array_equal(one.rotation, two.rotation)
        assert np.abs(one.weights - three.weights).max() > 0.5
    assert len({shot.number for shot in shots}) == 6
    assert min(shot.number for shot in shots) >= SETTINGS.images


@pytest.fixture
def run(data, model, tmp_path, monkeypatch):
    """A work directory whose checkpoint is the small model."""
    monkeypatch.setattr(known_heads, "Studio", LandmarkStudio)
    monkeypatch.setattr(inference, "load", lambda path, step, folded: model)
    plain = np.zeros((8, 8, 3), np.uint8)
    monkeypatch.setattr(head_report, "sheet", lambda *given: plain)
    (tmp_path / "config.json").write_text(json.dumps({"data": data}))
    return tmp_path


def test_the_command_writes_a_report_with_sheets(run, capsys):
    out = run / "heads"
    flags = ["--people", "2", "--pictures", "2"]
    command = ["evaluate", "heads", "--checkpoint", str(run), "--out", str(out), *flags]
    assert main(command) == 0
    assert "asymmetric expressions: mean errors" in capsys.readouterr().out
    names = ["asymmetric.png", "extreme.png", "report.json", "report.md", "unseen.png"]
    assert sorted(path.name for path in out.iterdir()) == names
    numbers = json.loads((out / "report.json").read_text())
    assert numbers["unseen"]["num_people"] == 2
    assert numbers["extreme"]["mean"]["vertices"] > 0
    assert "vertices" in numbers["conditions"]["metrics"]


def test_wrong_arguments_are_told_in_one_line(run, capsys):
    command = [
        "evaluate",
        "heads",
        "--checkpoint",
        str(run),
        "--out",
        str(run / "heads"),
    ]
    assert main([*command, "--people", "0"]) == 2
    assert "--people: expected 1 to" in capsys.readouterr().err
    (run / "config.json").write_text(json.dumps({"data": {"source": "faces"}}))
    assert main(command) == 2
    assert "known of synthetic people only" in capsys.readouterr().err
    assert not (run / "heads").exists()


@pytest.mark.slow
def test_rendered_special_faces_have_their_landmarks_where_the_truth_is(data, model):
    assert known_heads.Studio is Studio
    faces = special_faces(SETTINGS, "extreme", most=2, pictures=1)
    heads = known_heads.known_heads(faces, data["smirk_item"])
    found = errors(model, heads.faces, heads)
    assert found["landmarks_105"].max() < 0.1
