import numpy as np

from kwslib.report.figures import training
from tests.report.figures.test_picture import HISTORY


def test_training_curves_draw_the_history():
    loss, accuracy = training.training_curves(HISTORY).figure().axes
    assert loss.lines[0].get_ydata().tolist() == [2.5, 1.25, 0.75]
    assert accuracy.lines[0].get_ydata().tolist() == [0.31, 0.625, 0.875]
    assert accuracy.lines[2].get_xdata().tolist() == [30]


def test_fingerprints_are_drawn_with_time_to_the_right():
    codes = np.arange(490, dtype=np.uint16).reshape(49, 10).clip(0, 255).astype(np.uint8)
    axes = training.fingerprints({"yes": codes}).figure().axes[0]
    assert (axes.images[0].get_array() == codes.T.astype(float) - 128).all()
    assert axes.get_title() == "yes"
