import functools
import json
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr
from click.testing import CliRunner

from kwslib import subproc
from kwslib.cli.gap8 import gap8
from kwslib.cli.gap8_simulate import by_function
from kwslib.cli.main import main
from kwslib.errors import InputError
from kwslib.gap8.measure import deployment_record
from kwslib.gap8.measure.layer_profile import parse
from kwslib.gap8.measure.vendor_app import NOT_NESTED
from kwslib.gap8.platforms import gvsoc
from kwslib.gap8.platforms.pulp_open import HOME_VARIABLE
from kwslib.gap8.platforms.simulator import SimulationLimit
from kwslib.gap8.program.codegen import FIRMWARE
from kwslib.gap8.program.cross_compilers import RISCV_VARIABLE
from kwslib.runs import clips, records
from kwslib.speech.samples import pgm
from tests.gap8 import fake_gvsoc, networks
from tests.gap8.measure.test_layer_profile import BASELINE_LOGS
from tests.gap8.programs import Assembler, write_elf
from tests.places import RECORDINGS


def _invoke(*arguments):
    return CliRunner().invoke(gap8, ["simulate", *map(str, arguments)])


def test_simulate_prints_what_the_program_prints():
    result = _invoke(RECORDINGS / "smoke.elf")
    assert result.exit_code == 0
    assert result.stdout == (RECORDINGS / "smoke.gap8.txt").read_text()


def test_exit_status_is_the_programs(tmp_path):
    assembler = Assembler()
    assembler.leave(3)
    assert _invoke(write_elf(tmp_path, assembler)).exit_code == 3


def test_profile_and_json(tmp_path):
    result = _invoke(RECORDINGS / "smoke.elf", "--profile", "--json", tmp_path / "run.json")
    figures = json.loads((tmp_path / "run.json").read_text())
    assert figures["schema"] == 1
    assert figures["instructions"] == sum(row["instructions"] for row in figures["profile"])
    lines = result.stderr.splitlines()
    assert lines[0].split()[:3] == ["core", "function", "instr."]
    assert any("cluster_entry" in line and line.startswith("pe0") for line in lines)


def test_trace_options(tmp_path):
    trace = tmp_path / "trace.txt"
    result = _invoke(
        RECORDINGS / "smoke.elf", "--trace", trace, "--trace-cores", "pe3,fc", "--trace-range", "0x1c000000-0x1c000100"
    )
    assert result.exit_code == 0
    assert {line.split()[1] for line in trace.read_text().splitlines()} == {"pe3", "fc"}


def test_limit_is_an_error_with_the_output_so_far():
    result = _invoke(RECORDINGS / "smoke.elf", "--max-cycles", 150_000)
    assert isinstance(result.exception, SimulationLimit)
    assert "no exit within 150000 cycles" in str(result.exception)
    assert result.stdout.startswith("hello from FC")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trace-cores", "pe1"], "need --trace FILE"),
        (["--trace", "t", "--trace-cores", "pe9"], "unknown core 'pe9'"),
        (["--trace", "t", "--trace-range", "here"], "two addresses"),
        (["--trace", "t", "--trace-range", ""], "two addresses"),
        (["--trace", "t", "--trace-range", "9-5"], "the lower address first"),
        (["--trace", "t", "--trace-range", f"0-{1 << 99}"], "none above 0xffffffff"),
    ],
)
def test_bad_options(options, message):
    result = _invoke(RECORDINGS / "smoke.elf", *options)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


@pytest.mark.parametrize("options", [
    ["--trace", "{program}"],
    ["--json", "{program}"],
    ["--json", "{link}"],
    ["--flash", "{flash}", "--trace", "{flash}"],
    ["--trace", "{new}", "--json", "{new}"],
])  # fmt: skip
def test_what_is_read_is_not_written(tmp_path, options):
    names = {name: tmp_path / name for name in ("program", "link", "flash", "new")}
    names["program"].write_bytes((RECORDINGS / "smoke.elf").read_bytes())
    names["link"].symlink_to("program")
    names["flash"].write_bytes(b"content")
    result = _invoke(names["program"], *(word.format(**names) for word in options))
    assert isinstance(result.exception, InputError)
    message = str(result.exception)
    assert message.startswith(options[-2]) and " would overwrite " in message and message.endswith("name another place")
    assert result.stdout == "" and not names["new"].exists()
    assert names["program"].read_bytes() == (RECORDINGS / "smoke.elf").read_bytes()
    assert names["flash"].read_bytes() == b"content"


def test_figures_go_through_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    assert _invoke(RECORDINGS / "smoke.elf", "--json", tmp_path / "pipe").exit_code == 0
    assert json.loads(os.read(reader, 1 << 16))["schema"] == 1
    os.close(reader)
    assert (tmp_path / "pipe").is_fifo()


@pytest.mark.parametrize("option", ["--trace", "--json"])
def test_a_pipe_that_nobody_reads_is_refused(tmp_path, option):
    os.mkfifo(tmp_path / "pipe")
    result = _invoke(RECORDINGS / "smoke.elf", option, tmp_path / "pipe", "--timeout", "60")
    message = f"cannot write to {tmp_path / 'pipe'}: it is a pipe that nobody reads; name a file"
    assert str(result.exception) == message and (tmp_path / "pipe").is_fifo()
    assert isinstance(result.exception, InputError) and result.stdout == ""  # nothing was simulated


@pytest.mark.parametrize("option", ["--trace", "--json"])
def test_a_folder_is_refused_before_anything_runs(tmp_path, option):
    result = _invoke(RECORDINGS / "smoke.elf", option, tmp_path)
    assert result.exit_code == 2 and f"Invalid value for '{option}': File '{tmp_path}' is a directory." in result.output
    assert "OK" not in result.output


def test_a_trace_goes_through_a_pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    words = ("--trace", tmp_path / "pipe", "--trace-cores", "pe3", "--trace-range", "0x1c000000-0x1c000100")
    assert _invoke(RECORDINGS / "smoke.elf", *words).exit_code == 0
    assert b" pe3 " in os.read(reader, 1 << 16)
    os.close(reader)


def test_too_little_time_is_told_as_too_few_cycles_are():
    result = _invoke(RECORDINGS / "smoke.elf", "--timeout", 1e-6)
    assert isinstance(result.exception, SimulationLimit)
    assert str(result.exception) == "no exit within 1e-06 s of the host (a limit of cycles shows where each core is)"


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty folder to work in, and no GVSOC."""
    for name in (gvsoc.HOME_VARIABLE, gvsoc.PYTHON_VARIABLE, HOME_VARIABLE, RISCV_VARIABLE):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("KWS_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent) + ":/usr/bin:/bin")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def model(place):
    path = place / "tiny.tflite"
    path.write_bytes(networks.quantised(*networks.SMALL))
    return path


def kws(*words):
    return CliRunner().invoke(main, ["gap8", *map(str, words)])


def test_build(place, model):
    result = kws("build", model)
    assert result.exit_code == 0, result.output
    folder = place / "_build" / "gap8" / "tiny"
    assert {path.name for path in folder.iterdir()} == {"network.elf", "plan.json", "project"}
    assert "yes.wav, since no clip is named" in result.stdout and "maps in L1" in result.stdout
    assert "portable C" not in result.stdout
    assert _invoke(folder / "network.elf").exit_code == 0


@pytest.mark.slow
@pytest.mark.slice
def test_what_portable_c_computes_is_said(place, model):
    (place / "most.tflite").write_bytes(networks.with_max_pool(model.read_bytes()))
    said = r"^portable C computes (S\d+_MaxPool\w+) \(a maximum\)"
    for command in (["build"], ["export", "out"], ["run", "--platform", "host"]):
        result = kws(*command, "most.tflite")
        assert result.exit_code == 0, result.output
        assert re.search(f"{said}$", result.stdout, re.MULTILINE)
    result = kws("run", "most.tflite")
    layer, share = re.search(f"{said}: (.*) % of the cycles$", result.stdout, re.MULTILINE).groups()
    found = parse(result.stdout).layers
    cycles = next(row.cycles for row in found if row.name == layer)
    assert float(share) == pytest.approx(100 * cycles / sum(row.cycles for row in found), abs=0.05)
    assert re.search(f"{said}: {share} % of the cycles$", kws("profile", "most.tflite").stdout, re.MULTILINE)


def test_run_prints_table_and_class(place, model):
    (place / "clip.pgm").write_bytes(pgm(np.full((49, 10), 7, np.uint8)))
    result = kws("run", model, place / "clip.pgm", "--out", place / "o", "--labels", "a,b,c,d,e,f,g,h,i,j,k,l")
    assert result.exit_code == 0, result.output
    printed = (place / "o" / "program.txt").read_text()
    first, begins, rest = result.stdout.split("\n", 2)
    assert first.startswith(f"network: {model}, trained on unknown data (the file does not say)")
    assert begins.startswith("the program begins with the fingerprint, which is computed here")
    assert rest.startswith(printed)
    found = parse(printed)
    assert found.warm and re.search(rf"^Class: {found.winner} {'abcdefghijkl'[found.winner]}$", printed, re.MULTILINE)
    assert "every layer equals the integer reference, bit for bit" in result.stdout
    assert printed in (place / "o" / "program.log").read_text()


def test_run_on_the_host_says_that_it_counts_no_cycles(place, model):
    result = kws("run", model, "--platform", "host")
    assert result.exit_code == 0, result.output
    assert "Cycles:" not in result.stdout and "it counts no cycles" in result.stdout
    assert (place / "_build" / "gap8" / "tiny-host" / "program.txt").is_file()


@pytest.mark.slow
@pytest.mark.slice
def test_the_best_window_of_a_longer_sound_goes_into_the_program(place):
    sound = np.zeros((3 * 44100, 2))
    sound[44100:88200] = soxr.resample(soundfile.read(clips.DEFAULT_CLIP)[0], 16000, 44100)[:, None]
    soundfile.write(place / "a b.flac", sound, 44100)
    result = kws("run", "--size", "small", "--platform", "host", place / "a b.flac")
    assert "Class: 2 yes\n" in result.stdout and result.stdout.startswith("network: released network small")
    chosen = r"16,000 Hz mono; the second from \d.\d\d s, the best of 9 windows \(yes [0-9.]+ %; "
    assert re.search(f"^clip: .*a b.flac: 44,100 Hz stereo -> {chosen}", result.stdout, re.MULTILINE)
    result = kws("run", "--size", "small", "--platform", "host", place / "a b.flac", "--at", "0")
    assert "Class: 0 _silence_\n" in result.stdout and "; the second from 0.00 s\n" in result.stdout
    result = kws("export", place / "out", "--size", "small", place / "a b.flac", "--at", "1")
    assert "clip: " in result.stdout and "; the second from 1.00 s\n" in result.stdout
    assert "the project listens: a decision every 240 ms, 12 new frames for each" in result.stdout
    assert sorted(path.name for path in (place / "out" / "vectors").iterdir()) == [
        f"a-b.{kind}" for kind in ("expected", "heard", "input", "pcm")
    ]
    assert (place / "out" / "vectors" / "a-b.pcm").stat().st_size == 2 * 3 * 16_000


def test_run_of_a_recorded_run(place):
    result = kws("run", "--run", "quick-small", "--platform", "host")
    assert (
        "Class: 2 yes\n" in result.stdout and "run quick-small, recorded, trained on synthetic speech" in result.stdout
    )


def test_profile(place, model):
    result = kws("profile", model, "--out", place / "o", "--rows", 3)
    assert result.exit_code == 0, result.output
    found = deployment_record.load(place / "o")
    lines = result.stdout.splitlines()
    assert lines[0].startswith("network: ") and lines[1].startswith("the program begins with the fingerprint")
    assert lines[2].split()[:3] == ["layer", "cycles", "warm"]
    lines = lines[2:]
    for row, line in zip(found.rows, lines[1:], strict=False):
        assert line.split()[0] == row.name
        assert {str(row.cycles), str(row.l1_peak_bytes)} <= set(line.split())
    predicted = {step.layers[0]: str(step.predicted_cycles) for step in found.steps}
    for row, line in zip(found.rows, lines[1:], strict=False):  # of a fused pair the first row has the prediction
        shown = line.replace("(fused)", "").split()[3:]
        assert shown[0] == predicted.get(row.name, str(row.operations))
    total = lines[len(found.rows) + 1].split()
    assert total[:4] == ["total", *map(str, (found.cycles, found.warm_cycles, found.predicted_cycles))]
    speed = next(line for line in lines if line.startswith("at 175 MHz"))
    assert f"{175e6 / found.cycles:.0f} inferences a second" in speed and "an estimate" in speed
    assert "portable C" not in result.stdout
    assert any(line.startswith("pe*") for line in lines)
    assert any("more rows: by core in deployment.json" in line for line in lines)
    heads = next(number for number, line in enumerate(lines) if line.startswith("layers, % of cycles"))
    for row, line in zip(found.layer_stalls, lines[heads + 1 :], strict=False):
        *_, cycles, _, _, tcdm, _, _, _, asleep = line.split()
        assert int(cycles) == row.core_cycles
        assert float(tcdm) == pytest.approx(100 * row.tcdm_cycles / row.core_cycles, abs=0.05)
        assert float(asleep) == pytest.approx(100 * row.sleep_cycles / row.core_cycles, abs=0.05)


def test_functions_are_added_up_over_the_cores():
    rows = [{"core": core, "function": "f", "cycles": cycles} for core, cycles in (("pe0", 1), ("pe7", 2), ("fc", 4))]
    assert by_function(rows) == [
        {"core": "pe*", "function": "f", "cycles": 3},
        {"core": "fc", "function": "f", "cycles": 4},
    ]


def test_export(place, model):
    (place / "a b.pgm").write_bytes(pgm(np.full((49, 10), 7, np.uint8)))
    (place / "c.pgm").write_bytes(pgm(np.full((49, 10), 9, np.uint8)))
    result = kws("export", place / "out", model, place / "a b.pgm", place / "c.pgm")
    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in (place / "out" / "vectors").iterdir()) == [
        *("a-b.expected", "a-b.input"),
        *("c.expected", "c.input"),
    ]
    mixed = kws("export", place / "mixed", model, place / "c.pgm", Path(clips.DEFAULT_CLIP))
    assert mixed.exit_code == 2 and "c.pgm is a fingerprint and others are sounds" in mixed.stderr
    assert f"make -C {place / 'out'} all test" in result.stdout
    assert "the project hears no streams: tiny does not begin with sound" in result.stdout
    asked = kws("export", place / "other", model, "--hop", "240")
    assert asked.exit_code == 2 and "tiny does not begin with sound" in asked.stderr and not (place / "other").exists()


def test_run_of_somebodys_application(place):
    (place / "app").mkdir()
    (place / "app" / "Makefile").write_text(
        f"clean all:\nrun:\n\t@cat {BASELINE_LOGS}/$(if $(MEDIUM),medium,none).txt\n"
    )
    result = kws("run", "--app", place / "app", "MEDIUM=1", "--out", place / "o")
    assert result.exit_code == 0, result.output
    assert parse(result.stdout) == parse((BASELINE_LOGS / "medium.txt").read_text())
    assert (place / "o" / "program.log").is_file()
    failed = kws("run", "--app", place / "app", "--out", place / "o")
    assert failed.exit_code == 1 and failed.stderr.startswith("error: 'make clean all run platform=gvsoc' failed with")


@functools.cache
def bad_files():
    data = networks.quantised(*networks.SMALL)
    return {
        "float.tflite": networks.floating(),
        "cut.tflite": data[: len(data) // 2],
        "buffer.tflite": networks.edit(data, cut_weights),
        "operator.tflite": networks.edit(data, another_operator),
        "wide.tflite": networks.quantised((300, 200), networks.SMALL[1]),
        "outputs.tflite": networks.quantised(*networks.SMALL, classes=8000, softmax=False),
        "scale.tflite": networks.edit(data, bad_scale),
        "pointer.tflite": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 53936\n",
        "large.pgm": pgm(np.zeros((98, 40), np.uint8)),
        "text.pgm": b"P2\n10 49\n255\n",
        "text.wav": b"not a sound",
    }


def cut_weights(model, graph):
    longest = max(model.buffers, key=lambda buffer: 0 if buffer.data is None else len(buffer.data))
    longest.data = longest.data[:-3]


def another_operator(model, graph):
    code = next(c for c in model.operatorCodes if c.builtinCode == networks.schema.BuiltinOperator.AVERAGE_POOL_2D)
    code.builtinCode = code.deprecatedBuiltinCode = networks.schema.BuiltinOperator.LOGISTIC


def bad_scale(model, graph):
    convolution = next(operator for operator in graph.operators if len(operator.inputs) == 3)
    quantisation = graph.tensors[convolution.inputs[1]].quantization
    quantisation.scale = [1e-30, *quantisation.scale[1:]]


BAD = [
    (["operator.tflite"], 1, "operator.tflite: .*LOGISTIC"),
    (["float.tflite"], 1, "float.tflite: .*(float|FLOAT)"),
    (["cut.tflite"], 1, "cut.tflite: "),
    (["buffer.tflite"], 1, "buffer.tflite: "),
    (["gone.tflite"], 2, "cannot read the network gone.tflite: No such file"),
    (["wide.tflite"], 1, r"wide does not fit GAP8, in none of \d+ ways. .*: maps .*: S\d+_\w+ lacks \d+ bytes of L\d"),
    (["outputs.tflite"], 1, "outputs.tflite: it has 8000 classes; at most 4096 are supported"),
    (
        ["scale.tflite"],
        1,
        r"scale.tflite: operator \d+ \(CONV_2D\) scales the accumulator of channel 0 down to",
    ),
    (["pointer.tflite"], 1, "pointer.tflite: .*[Gg]it.LFS"),
    (["tiny.tflite", "large.pgm"], 1, "large.pgm has 98 frames of 40 coefficients; 49 of 10 are needed"),
    (["tiny.tflite", "text.pgm"], 1, "text.pgm is not a binary PGM picture"),
    (["tiny.tflite", "text.wav"], 1, "text.wav is no sound file that can be read"),
    (["tiny.tflite", "large.pgm", "--at", "1"], 2, "--at 1 says which second of a sound is meant"),
    (["tiny.tflite", "gone.pgm"], 1, "cannot read gone.pgm: No such file"),
    (["tiny.tflite", "a.pgm", "b.pgm"], 2, "a program classifies one clip; 2 are named: a.pgm, b.pgm"),
    (["tiny.tflite", "--model", "wide.tflite"], 2, "two networks are named, tiny.tflite and wide.tflite: give one"),
    (["tiny.tflite", "--size", "small"], 2, "each name a network: give one"),
    (["tiny.tflite", "--platform", "simulater"], 2, "unknown platform 'simulater': .* did you mean 'simulator'"),
    (["tiny.tflite", "--labels", "yes,no"], 2, "2 labels are given; tiny.tflite has 12 classes"),
]
BAD_RUNS = [
    (["tiny.tflite", "--platform", "gvsoc"], 1, "no GVSOC: set GAP_SDK_HOME to the folder of a GAP SDK"),
    (["tiny.tflite", "--platform", "gvsoc", "--gvsoc", "gone"], 1, "no GVSOC: --gvsoc names gone, which is no folder"),
    (["tiny.tflite", "--platform", "gvsoc", "--gvsoc", "."], 1, "no GVSOC: .*/gvsoc_launcher is missing; build GVSOC"),
    (["tiny.tflite", "--gvsoc", "."], 2, "the platform 'simulator' is not installed in a folder: leave --gvsoc . out"),
    (["tiny.tflite", "--platform", "pulp-open"], 1, "no upstream GVSOC: there is no gvsoc on the path; build gvsoc"),
    (["--app", "gone"], 2, "no application: gone is no folder"),
    (["--app", ".", "--size", "small"], 2, "--app runs an application with a network of its own"),
    (["--app", ".", "--at", "1"], 2, "--app runs an application with a network of its own"),
    (["--app", ".", "--platform", "simulator"], 2, "runs on gvsoc, not on simulator"),
]


@pytest.mark.parametrize(
    ("command", "words", "status", "message"),
    [
        *(("build", *case) for case in BAD),
        *(("run", *case) for case in [*BAD, *BAD_RUNS]),
        *(("profile", *case) for case in [*BAD[:2], *BAD_RUNS[:5]]),
        *(
            ("export", ["out", *words], *rest)
            for words, *rest in BAD
            if "--platform" not in words and "b.pgm" not in words
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_bad_input_is_one_line_and_leaves_nothing(place, model, command, words, status, message):
    for name in words:
        if name in bad_files():
            (place / name).write_bytes(bad_files()[name])
    before = sorted(place.rglob("*"))
    result = kws(command, *words)
    assert result.exit_code == status
    assert re.search(f"^error: .*{message}", result.stderr) and result.stderr.count("\n") == 1
    assert result.stdout == ""
    assert sorted(place.rglob("*")) == before


@pytest.mark.parametrize("words", [
    ["build", "{model}", "{clip}", "--out", "."],
    ["run", "{model}", "{clip}", "--out", "."],
    ["run", "{model}", "--stream", "{clip}", "--out", "."],
    ["profile", "{model}", "{clip}", "--out", "."],
    ["export", "project", "{model}", "{clip}", "--force"],
])  # fmt: skip
def test_a_clip_in_the_project_is_kept(place, model, words):
    clip = place / "project" / "clip.wav"
    clip.parent.mkdir()
    clip.write_bytes(clips.DEFAULT_CLIP.read_bytes())
    result = kws(*(word.format(model=model, clip=clip) for word in words))
    assert result.exit_code == 2
    assert re.search(f"project is a folder that holds (the clip|CLIP) {clip}: name another place\n$", result.stderr)
    assert clip.read_bytes() == clips.DEFAULT_CLIP.read_bytes()


def test_no_compiler(place, model, monkeypatch):
    monkeypatch.setenv(RISCV_VARIABLE, "no-such-gcc")
    result = kws("run", model)
    assert result.exit_code == 2 and result.stderr.startswith("error: no RISC-V compiler 'no-such-gcc': give KWS_RISCV")
    assert not (place / "_build").exists()


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("sleep 60", r"did not end within 0.5 s\n  whole log: .*program.log"),
        ("kill -SEGV $$", "GVSOC was ended by signal 11 while it ran"),
        ("true", "on gvsoc: the program printed no layer table; it printed nothing; whole log: .*program.log"),
    ],
)
def test_a_gvsoc_that_misbehaves(place, model, script, message):
    home = fake_gvsoc.build(place / "sdk", script + "\n")
    (place / "o").mkdir()
    (place / "o" / "program.txt").write_text("of an older run")
    words = ["--platform", "gvsoc", "--gvsoc", home, "--timeout", "0.5" if "sleep" in script else "60"]
    result = kws("run", model, *words, "--out", place / "o")
    assert result.exit_code == 1
    assert re.match(f"error: .*{message}", result.stderr)
    assert (place / "o" / "program.log").is_file() and not (place / "o" / "program.txt").exists()


def make(*words, **variables):
    """The baseline's commands, as they are typed."""
    return subproc.run(
        ["make", "--no-print-directory", *words],
        timeout_s=600,
        cwd=FIRMWARE,
        env={**NOT_NESTED, "KWS": str(Path(sys.executable).parent / "kws"), **variables},
        check=False,
    )


@pytest.fixture
def own_build(place):
    return f"BUILD={place / 'made'}"


def test_make_clean_all_run(place, own_build):
    (place / "made").mkdir()
    (place / "made" / "old").touch()
    done = make("clean", "all", "run", "platform=simulator", "SMALL=1", own_build)
    assert done.returncode == 0, done.stderr
    assert "Class: 2 yes\n" in done.stdout and parse(done.stdout).warm
    assert f"network: released network small, run {records.find('small').run}" in done.stdout
    assert [path.name for path in (place / "made").iterdir()] == ["small-simulator"]


@pytest.mark.slow
@pytest.mark.slice
def test_make_with_another_network_and_image(place, model, own_build):
    (place / "clip.pgm").write_bytes(pgm(np.full((49, 10), 7, np.uint8)))
    words = [f"MODEL={model}", f"IMAGE={place / 'clip.pgm'}", "platform=host", "MEDIUM=1", own_build]
    done = make("all", "run", *words)
    assert done.returncode == 0, done.stderr
    assert "Network: tiny\n" in done.stdout and f"clip: {place / 'clip.pgm'}\n" in done.stdout
    assert (place / "made" / "medium-host" / "network.elf").is_file()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["all"], "give exactly one of SMALL=1, MEDIUM=1 and LARGE=1; given: none"),
        (["run", "SMALL=1", "LARGE=1"], "give exactly one of SMALL=1, MEDIUM=1 and LARGE=1; given: small large"),
        ([], "give exactly one of SMALL=1"),
        (
            ["run", "SMALL=1", "platform=gap9"],
            "unknown platform 'gap9': choose one of simulator, gvsoc, pulp-open, host",
        ),
        (["run", "SMALL=1", "platform="], "unknown platform ''"),
        (["run", "SMALL=1", "platform=gvsoc"], "error: no GVSOC: set GAP_SDK_HOME"),
        (["run", "SMALL=1", "IMAGE=gone.pgm"], "error: cannot read gone.pgm"),
        (["run", "SMALL=1", "MODEL=gone.tflite"], "error: cannot read the network gone.tflite"),
        (["run", "LARGE=1", "platform=pulp-open"], "no upstream GVSOC"),
        (
            ["all", "LARGE=1", "platform=pulp-open"],
            "error: [a-z]+-large streams .* pulp-open has another external memory",
        ),
        (["run", "SMALL=1", "KWS="], "no kws: call make install"),
    ],
)
def test_make_says_what_is_wrong(place, own_build, words, message):
    done = make(*words, own_build)
    assert done.returncode == 2 and done.stdout == ""
    assert re.search(message, done.stderr)
    assert not (place / "made").exists()


def test_make_clean_alone_needs_no_network(place, own_build):
    (place / "made").mkdir()
    assert make("clean", own_build).returncode == 0
    assert not (place / "made").exists()
