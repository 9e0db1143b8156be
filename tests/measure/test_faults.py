import json

import pytest

from tests.measure.faults import main


@pytest.mark.slow
def test_kills_leave_no_trace(tmp_path, capsys):
    command = [str(tmp_path / "out"), "--set", "run.steps=60"]
    assert main([*command, "--kills", "2"]) == 0
    assert main([*command, "--kills", "4"]) == 0
    lines = (tmp_path / "out" / "faults.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert all(json.loads(line)["as_expected"] for line in lines)
    assert "0 arrays differ" in capsys.readouterr().out
