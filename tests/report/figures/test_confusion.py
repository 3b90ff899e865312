import numpy as np
import pytest

from kwslib.config.words import LABELS
from kwslib.report.figures import confusion
from kwslib.report.figures.picture import DARK, LIGHT
from tests.report.figures.test_picture import MATRIX, PICTURES, contrast


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_confusion_matrix_writes_every_count_where_it_belongs(theme):
    axes = confusion.matrix(MATRIX, LABELS).figure(theme).axes[0]
    written = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts}
    expected = {(r, c): str(MATRIX[r, c]) if MATRIX[r, c] else "" for r in range(12) for c in range(12)}
    assert {key: text for key, text in written.items() if text} == {k: v for k, v in expected.items() if v}
    assert [t.get_text() for t in axes.get_yticklabels()] == list(LABELS)
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("winner", "label")


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["confusion", "confusion_shares", "difference"])
def test_numbers_in_cells_can_be_read(name, theme):
    axes = PICTURES[name]().figure(theme).axes[0]
    cells = axes.collections[0].get_facecolors()
    for text in axes.texts:
        if text.get_text():
            column, row = (int(v) for v in text.get_position())
            assert contrast(text.get_color(), cells[12 * row + column][:3]) > 4.5


def test_row_shares_divide_by_the_labels_clips_and_leave_empty_rows_alone():
    shares = confusion.row_shares([[1, 3], [0, 0]])
    assert shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_a_difference_shows_percentage_points():
    ours, other = np.diag([10] * 12), np.diag([10] * 12)
    ours[2, 2:4] = 8, 2
    axes = confusion.difference(ours, other, LABELS).figure().axes[0]
    written = {(int(t.get_position()[1]), int(t.get_position()[0])): t.get_text() for t in axes.texts if t.get_text()}
    assert written == {(2, 2): "-20", (2, 3): "+20"}
