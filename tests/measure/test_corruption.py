from tests.measure.corruption import main


def test_no_damage_goes_unnoticed(capsys):
    assert main(["--count", "12", "--seed", "7"]) == 0
    assert "0 neither" in capsys.readouterr().out
