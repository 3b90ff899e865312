import nbformat
import pytest

from kwslib.config.augmentation import Augmentation
from kwslib.config.recipe import Recipe
from kwslib.errors import InputError
from kwslib.paths import book_dir
from kwslib.runs.declaration import LISTS, checked, declared, numbers, parse


@pytest.mark.parametrize("template", ["train.ipynb", "gap8.ipynb"])
def test_declared_is_the_parameters_cell(template):
    cells = nbformat.read(book_dir() / template, as_version=4).cells
    cell = next(cell for cell in cells if "parameters" in cell.metadata.get("tags", ()))
    values = {}
    exec(cell.source, values)
    kinds = values.pop("__annotations__")
    for name in ("__builtins__", "Optional"):
        values.pop(name, None)
    annotations = {name: getattr(kind, "__args__", (kind,))[0].__name__ for name, kind in kinds.items()}
    assert {name: entry.default for name, entry in declared(template).items()} == values
    assert {name: entry.type for name, entry in declared(template).items()} == annotations
    assert {name for name, entry in declared(template).items() if entry.optional} == {
        name for name, kind in kinds.items() if type(None) in getattr(kind, "__args__", ())
    }
    assert all(entry.help for entry in declared(template).values())


def test_every_ingredient_has_a_parameter():
    for kind in (Augmentation, Recipe):
        assert kind.__dataclass_fields__.keys() <= declared().keys()
    assert all(declared()[name].type == "str" for name in LISTS)


def test_parse_reads_by_type():
    assert parse("seed", "12") == 12
    assert parse("size", "12") == "12"
    assert parse("noise_volume", "1e-2") == 0.01
    assert parse("hold_out_noise", "True") is True
    with pytest.raises(InputError, match="parameter steps is 'many': give a whole number"):
        parse("steps", "many")
    with pytest.raises(InputError, match="parameter hold_out_noise is '1': give true or false"):
        parse("hold_out_noise", "1")
    with pytest.raises(InputError, match=r"unknown parameter 'stepz'.*did you mean 'steps'\?"):
        parse("stepz", "1")


def test_values_come_in_their_own_type():
    assert checked("noise_volume", 1) == 1.0 and type(checked("noise_volume", 1)) is float
    assert checked("weight_decay", "1e-4") == 1e-4  # what YAML makes of a number without a dot
    assert checked("weight_decay", None) is None
    assert checked("stage_steps", (20, 10)) == "20,10"
    assert checked("learning_rates", 0.002) == "0.002"
    assert checked("words", "7") == checked("words", 7) == "7"
    with pytest.raises(InputError, match="parameter steps is None: give a whole number"):
        checked("steps", None)
    with pytest.raises(InputError, match="parameter weight_decay is 'much': give a number"):
        checked("weight_decay", "much")


def test_numbers():
    assert numbers("stage_steps", "1, 2 3", int) == [1, 2, 3]
    assert numbers("learning_rates", "", float) == []
    for text in ("0", "inf", "nan"):
        with pytest.raises(InputError, match="give positive numbers"):
            numbers("learning_rates", text, float)
    with pytest.raises(InputError, match="stage_steps has '1.5': give whole numbers"):
        numbers("stage_steps", "1.5", int)
