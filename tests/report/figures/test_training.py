import io
import re
from base64 import b64decode

import numpy as np
from PIL import Image

from kwslib.report.figures import training
from kwslib.report.figures.picture import DARK, LIGHT
from tests.report.figures import drawn
from tests.report.figures.test_picture import HISTORY


def test_training_curves_draw_the_history():
    places = [drawn.place(one) for one in drawn.marks(training.training_curves(HISTORY), "symbol")]
    loss, accuracy = places[:3], places[3:]
    assert [x for x, _ in loss] == [x for x, _ in accuracy] == sorted(x for x, _ in loss)
    assert (loss[1][1] - loss[0][1]) / (loss[2][1] - loss[1][1]) == (2.5 - 1.25) / (1.25 - 0.75)
    assert accuracy[0][1] > accuracy[1][1] > accuracy[2][1]  # upwards
    facts = next(iter(training.training_curves(HISTORY).spec["datasets"].values()))[2]["facts"]
    assert facts == "step 30, fake-quantised, learning rate 0.001\nloss 0.750\nvalidation accuracy 87.50 %"


def test_fingerprints_are_drawn_with_time_to_the_right_and_coefficients_upwards():
    codes = np.full((49, 10), 128, np.uint8)
    codes[48, 0], codes[0, 9] = 255, 0
    shown = training.fingerprints({"yes": codes}).text
    images = [Image.open(io.BytesIO(b64decode(data))) for data in re.findall(r"base64,([^\"]+)", shown)]
    for image, theme in zip(images, (LIGHT, DARK), strict=True):
        pixels = np.asarray(image.convert("RGB"))
        assert pixels.shape == (10, 49, 3)
        low, middle, high = (tuple(bytes.fromhex(colour[1:])) for colour in theme.diverging)
        assert tuple(pixels[0, 0]) == low and tuple(pixels[9, 1]) == middle
        assert np.abs(pixels[9, 48].astype(int) - high).max() <= 1


def test_labels_of_fingerprints_are_escaped():
    assert "<script>" not in training.fingerprints({'"><script>': np.zeros((3, 2), np.uint8)}).text
