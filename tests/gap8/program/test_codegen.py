"""The C project: whole, the same every time, and of the plan's own figures."""

import re
from dataclasses import replace

import numpy as np
import pytest

from kwslib.gap8.hardware import L1_BASE, L1_BYTES, L2_BASE, L2_BYTES
from kwslib.gap8.planning.planner import plan
from kwslib.gap8.planning.runtime import INPUT_HEADER_BYTES
from kwslib.gap8.program import codegen
from kwslib.integer import network_file
from tests.gap8 import networks
from tests.gap8.equal import FLASH, RESIDENT, only


@pytest.fixture(scope="module", params=["small", "zero points", "flash"])
def planned(request):
    make = networks.post_training if request.param == "zero points" else lambda: networks.quantised(*networks.SMALL)
    with only(FLASH if request.param == "flash" else RESIDENT):
        return plan(network_file.load(make()))


def classes(planned):
    return [f"class{i}" for i in range(planned.graph.classes)]


def test_a_project_includes_nothing_but_itself(planned, tmp_path):
    codegen.write_project(planned, tmp_path / "project")
    for path in (tmp_path / "project").rglob("*.[chS]"):
        for name in re.findall(r'^#include "(.+)"', path.read_text(), re.MULTILINE):
            assert (path.parent / name).is_file() or (tmp_path / "project" / name).is_file(), (path, name)
        for name in re.findall(r'\.incbin "(.+?)"', path.read_text()):
            assert (tmp_path / "project" / name).is_file()
    sources = {*codegen.RUNTIME, *codegen.DEVICE, *codegen.HOST, *codegen.HOST_PROGRAM, *codegen.HEADERS}
    assert all((tmp_path / "project" / name).is_file() for name in sources)


def test_the_same_plan_gives_the_same_text_and_bytes(planned):
    with only(FLASH if planned.flash_image else RESIDENT):
        again = plan(planned.graph)
    assert codegen.generated(again, classes(planned)) == codegen.generated(planned, classes(planned))
    assert codegen.contents(again) == codegen.contents(planned)


def test_every_address_in_the_tables_is_in_a_memory(planned):
    text = codegen.generated(planned, classes(planned))["network.c"]
    addresses = [int(word, 16) for word in re.findall(r"0x[0-9a-f]{8}", text)]
    assert addresses
    for address in addresses:
        in_flash = planned.flash_image and address <= len(planned.flash_image)
        assert L1_BASE <= address < L1_BASE + L1_BYTES or L2_BASE <= address < L2_BASE + L2_BYTES or in_flash, hex(
            address
        )


def test_counts_are_the_plans(planned):
    text = codegen.generated(planned, classes(planned))["counts.h"]
    counts = {name: int(value) for name, value in re.findall(r"(\w+_COUNT) = (\d+)", text)}
    assert counts == {
        "STEP_COUNT": len(planned.steps),
        "STAGE_COUNT": 0,
        "LAYER_COUNT": len(planned.graph.layers),
        "TRANSFER_COUNT": len(planned.transfers),
    }


def test_the_input_image_is_options_then_core_codes(planned):
    tensor = planned.graph.input
    codes = networks.clips(tensor, 3)[2]
    image = codegen.input_image(planned, codes, warm_runs=3, check=False)
    assert np.frombuffer(image, "<u4", 2).tolist() == [3, 0]
    assert (np.frombuffer(image, np.int8, offset=INPUT_HEADER_BYTES) == tensor.to_core(codes).ravel()).all()
    assert len(image) == codegen.input_end(planned)


def test_without_codes_the_input_is_zero(planned):
    image = codegen.input_image(planned, None)
    assert set(np.frombuffer(image, np.int8, offset=INPUT_HEADER_BYTES).tolist()) == {planned.graph.input.zero_point}


def test_the_image_of_l2_begins_with_the_input_and_keeps_the_weights(planned):
    one, other = (codegen.contents(planned, codes)["l2.bin"] for codes in networks.clips(planned.graph.input, 4)[2:])
    end = codegen.input_end(planned)
    assert one[:end] != other[:end] and one[end:] == other[end:] == planned.l2_image[end:]


def test_names_cannot_break_the_c_text(planned):
    odd = replace(planned, graph=replace(planned.graph, name='a "quoted"\\n name'))
    names = ['yes"; int x; "', "no\n", "größe", "ok"] * planned.graph.classes
    text = codegen.generated(odd, names[: planned.graph.classes])["network.c"]
    line = next(line for line in text.splitlines() if line.startswith("const char network_name"))
    assert line == r'const char network_name[] = "a \042quoted\042\134n name";'
    assert text.isascii()
    assert text.count('"') % 2 == 0
