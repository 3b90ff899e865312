import numpy as np
import pytest

from kwslib.config.words import LABELS
from kwslib.report.figures import confusion
from kwslib.report.figures.picture import DARK, LIGHT
from tests.report.figures import drawn
from tests.report.figures.test_picture import MATRIX, PICTURES, contrast

CELL = confusion.CELL


def written(picture, theme=LIGHT):
    """The text of each cell by its row and column."""
    found = {}
    for text in drawn.marks(picture, "text", theme):
        x, y = drawn.place(text)
        if text.text:
            found[int(y // CELL), int(x // CELL)] = text
    return found


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_a_confusion_matrix_writes_every_count_where_it_belongs(theme):
    picture = confusion.matrix(MATRIX, LABELS)
    shown = {place: text.text for place, text in written(picture, theme).items()}
    assert shown == {(r, c): str(MATRIX[r, c]) for r in range(12) for c in range(12) if MATRIX[r, c]}
    axes = [text for text in drawn.texts(picture, theme) if text in LABELS]
    assert sorted(axes) == sorted([*LABELS, *LABELS])
    assert {"winner", "label"} <= set(drawn.texts(picture, theme))


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
@pytest.mark.parametrize("name", ["confusion", "confusion_shares", "difference"])
def test_numbers_in_cells_can_be_read(name, theme):
    picture = PICTURES[name]()
    colours = {}
    for cell in drawn.marks(picture, "rect", theme):
        x, y = (float(number) for number in cell.get("d")[1:].split("h")[0].split(","))
        colours[round(y / CELL), round(x / CELL)] = cell.get("fill")
    assert len(colours) == 144
    for place, text in written(picture, theme).items():
        assert contrast(text.get("fill"), colours[place]) > 4.5


def test_a_cell_says_its_counts_and_which_clips_it_plays():
    rows = next(iter(confusion.matrix(MATRIX, LABELS).spec["datasets"].values()))
    off = next(row for row in rows if (row["label"], row["winner"]) == ("off", "up"))
    clips, count = int(MATRIX[9].sum()), int(MATRIX[9, 4])
    assert off["facts"] == f"off as up: {count} of {clips} clips, {100 * count / clips:.1f} %"
    assert off["plays"] == "off taken for up"


def test_row_shares_divide_by_the_labels_clips_and_leave_empty_rows_alone():
    shares = confusion.row_shares([[1, 3], [0, 0]])
    assert shares.tolist() == [[0.25, 0.75], [0.0, 0.0]]


def test_a_difference_shows_percentage_points():
    ours, other = np.diag([10] * 12), np.diag([10] * 12)
    ours[2, 2:4] = 8, 2
    picture = confusion.difference(ours, other, LABELS)
    assert {place: text.text for place, text in written(picture).items()} == {(2, 2): "-20", (2, 3): "+20"}
