from tests.convert.fuzz import fuzz


def test_mutated_archives_are_read_or_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found, _ = fuzz(500, tmp_path)
    assert sum(found.values()) == 500 and found["refused"] > 100 and found["read"] > 10
    assert [path.name for path in tmp_path.iterdir()] == ["mutated.pt"]
