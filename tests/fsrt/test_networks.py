import json

import pytest

from configs.fsrt import vox256
from face_jax.fsrt.networks import build_networks


def test_networks_from_json_equal_those_of_the_config():
    settings = vox256.small_networks(32).to_dict()
    networks = build_networks(**settings)
    assert build_networks(**json.loads(json.dumps(settings))) == networks
    assert hash(networks) == hash(build_networks(**settings))


def test_defaults_are_published():
    networks = build_networks()
    assert networks.encoder.width == 768
    assert networks.keypoint_detector.norm == "frozen_batch"
    assert networks.keypoint_detector.coordinates == "heatmap"
    small = build_networks(small_decoder=True)
    assert small.decoder.num_heads == 6


def test_wrong_settings_are_refused():
    with pytest.raises(ValueError, match=r"networks\.keypoints: .* got 'guess'"):
        build_networks(keypoints="guess")
    with pytest.raises(ValueError, match=r"networks: Encoder.*'depht'"):
        build_networks(encoder={"depht": 3})
