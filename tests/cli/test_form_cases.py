import types

import numpy as np

from face_jax.bench.results import Measurement
from face_jax.cli.form_cases import both_forms, forms_table, in_forms, print_forms
from tests.bench.timings import timing


def test_both_forms_are_cases_of_two_groups():
    given = np.ones(3)
    folded, plain = both_forms("smirk", "encode", np.add, (1.0, 2.0), given, pictures=3)
    assert (folded.group, plain.group) == ("smirk", "smirk plain")
    assert folded.name == plain.name == "encode"
    assert folded.arguments[0] == 1.0 and plain.arguments[0] == 2.0
    assert folded.arguments[1] is plain.arguments[1] is given
    assert folded.pictures == plain.pictures == 3
    assert list(in_forms([folded, plain], plain=True)) == [folded, plain]
    assert list(in_forms([folded, plain], plain=False)) == [folded]


def measurement(*cases):
    return Measurement(
        conditions=types.MappingProxyType({}),
        device_peak_bytes=None,
        matmul=timing("matmul", (1.0, 2.0, 4.0), flops=100.0),
        cases=cases,
    )


FOLDED = timing("encode", (1.0, 3.0, 2.0), "smirk", flops=50.0)
UNFOLDED = timing("encode", (2.0, 6.0, 10.0), "smirk plain", flops=100.0)
ALONE = timing("alone", (1.0, 1.0, 1.0), "smirk")


def test_a_table_is_printed_where_there_are_two_forms(capsys):
    print_forms(measurement(ALONE, FOLDED), "smirk")
    assert capsys.readouterr().out == ""
    print_forms(measurement(ALONE, FOLDED, UNFOLDED), "smirk", "fast")
    assert "smirk: fast beside plain" in capsys.readouterr().out


def test_ratios_are_of_the_same_rounds():
    ((name, *cells),) = forms_table(measurement(FOLDED, UNFOLDED, ALONE), "smirk").rows
    assert name == "encode"
    np.testing.assert_allclose(cells[:3], [2000, 6000, 2])
    np.testing.assert_allclose(cells[3:6], [4000, 12000, 2])
    np.testing.assert_allclose(cells[6:], [50, 100 / 2.5])
