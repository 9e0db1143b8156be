"""Latent-OFER's pipeline on prepared pictures: trained, measured, all with commands."""

import json

import pytest

from face_jax.cli.__main__ import main
from tests.data_pipelines.prepare.replicas import prepared
from tests.processes.command import run


@pytest.mark.slow
def test_all_stages_learn_from_prepared_pictures(tmp_path):
    records = prepared(tmp_path, "raf_db")[0]
    workdir, report = tmp_path / "run", tmp_path / "report"
    address = f"configs/latent_ofer/pipeline.py:smoke,prepared={records}"
    run(workdir, config=address, common=())
    where = ["--checkpoint", str(workdir), "--data", str(records), "--out", str(report)]
    assert main(["evaluate", "recognition", *where, "--split", "train"]) == 0
    found = json.loads((report / "report.json").read_text())
    assert found["classes"][0] == "surprise"
    assert found["rows"]["all pictures"]["pictures"] == 2
