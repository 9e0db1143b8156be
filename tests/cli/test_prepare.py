import pytest

from face_jax.cli.__main__ import main


@pytest.mark.parametrize("words", [[], ["head"], ["head", "procedural"]])
def test_help_is_for_strangers(capsys, words):
    with pytest.raises(SystemExit) as stopped:
        main(["prepare", *words, "--help"])
    assert stopped.value.code == 0
    assert "usage: face-jax prepare" in capsys.readouterr().out


def test_what_to_prepare_is_asked_for(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["prepare"])
    assert stopped.value.code == 2
    assert "required: WHAT" in capsys.readouterr().err
