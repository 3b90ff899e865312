from kwslib.report import gap8_estimates


def test_every_figure_by_others_word_names_its_source():
    text = gap8_estimates.sources().text
    assert "10.1109/ASAP.2018.8445101" in text and "arXiv:2008.07127" in text and "PULP-NN" in text
    assert [ceiling.mac_per_cycle for ceiling in gap8_estimates.CEILINGS] == [32.0, 22.07, 15.5]
