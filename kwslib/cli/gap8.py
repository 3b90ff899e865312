"""The command line's ``kws gap8`` group: what can be done with a GAP8 program."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli import event_options
from kwslib.cli.event_options import EVENTS
from kwslib.cli.gap8_foreign import record_foreign
from kwslib.cli.gap8_stream import run_stream
from kwslib.cli.options import AT, CYCLES, NETWORK, ROWS, split_labels, together
from kwslib.errors import InputError
from kwslib.gap8.hardware import CORES
from kwslib.gap8.measure.portable import portable_text
from kwslib.gap8.measure.timing import STALL_KINDS
from kwslib.gap8.platforms.platform import PLATFORMS
from kwslib.paths import atomic_write_text, write_json
from kwslib.terminal import table

if TYPE_CHECKING:
    import numpy as np

    from kwslib.gap8.measure.deployment import Deployment
    from kwslib.gap8.measure.profile_table import LayerProfile
    from kwslib.gap8.program.listening import Listening
    from kwslib.runs.networks import Network

LONGEST_VECTOR_S = 60
"""Seconds of a recording that become a test vector of an exported project."""
OUT_DIR = "_build/gap8"
"""Where outputs go if no folder is named: a folder for each network and target."""

TRACE_CORES = {f"pe{n}": 1 << n for n in range(CORES)} | {"fc": 1 << CORES}


@click.group(name="gap8")
def gap8() -> None:
    """Build networks for the GAP8 microcontroller, run them, and see where their cycles go."""


gap8.add_command(record_foreign)


def by_function(rows: list[dict]) -> list[dict]:
    """Add the cluster's eight cores up, function by function, as core ``pe*``."""
    sums: dict[tuple[str, str], dict] = {}
    for row in rows:
        core = "pe*" if row["core"].startswith("pe") else row["core"]
        total = sums.setdefault((core, row["function"]), {**dict.fromkeys(row, 0), "core": core})
        for name, value in row.items():
            total[name] = total[name] + value if isinstance(value, int) else total[name] or value
    return list(sums.values())


def profile_table(rows: list[dict], limit: int = 40, rest: str = "see --json") -> str:
    """Return the simulator's profile as text, the costliest function of a core first.

    Parameters
    ----------
    rows : list of dict
        `kwslib.gap8.platforms.simulator.SimulationResult.profile`.
    limit : int
        Most rows to show.
    rest : str
        Where the others are.
    """
    columns = ("instructions", "cycles", "sleep_cycles", *(f"{kind}_cycles" for kind in STALL_KINDS))
    shown = sorted(rows, key=lambda row: -row["cycles"])[:limit]
    text = table(
        [(row["core"], row["function"][:32], *(row[column] for column in columns)) for row in shown],
        head=("core", "function", "instr.", "cycles", "sleep", *STALL_KINDS),
        left=2,
    )
    return f"{text}\n({len(rows) - limit} more rows: {rest})" if len(rows) > limit else text


def _trace_mask(names: str) -> int:
    mask = 0
    for name in names.split(","):
        if name not in TRACE_CORES:
            raise InputError(f"unknown core '{name}' in --trace-cores: pe0 to pe7 and fc, separated by commas")
        mask |= TRACE_CORES[name]
    return mask


def _trace_range(text: str) -> tuple[int, int]:
    first, _, last = text.partition("-")
    try:
        return int(first, 0), int(last, 0)
    except ValueError as error:
        raise InputError(f"--trace-range {text}: two addresses, such as 0x1c000000-0x1c000400") from error


@gap8.command()
@click.argument("program", type=click.Path(path_type=Path))
@click.option("--profile", is_flag=True, help="Show cycles and stalls by function and core, on stderr.")
@click.option("--trace", type=click.Path(path_type=Path), help="Write every executed instruction to this file.")
@click.option("--trace-cores", metavar="NAMES", help="Trace these cores alone: pe0,fc ...")
@click.option("--trace-range", metavar="FROM-TO", help="Trace these addresses alone.")
@click.option("--max-cycles", type=CYCLES, help="End with an error if the program has not exited by then.")
@click.option("--check-uninitialised", is_flag=True, help="Report reads of L1 and L2 that were never written.")
@click.option("--flash", type=click.Path(path_type=Path), help="Content of the external flash.")
@click.option("--json", "json_path", type=click.Path(path_type=Path), help="Write the run's figures to this file.")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True, help="Seconds of the host.")
@click.pass_context
def simulate(
    context: click.Context,
    program: Path,
    profile: bool,
    trace: Path | None,
    trace_cores: str | None,
    trace_range: str | None,
    max_cycles: int | None,
    check_uninitialised: bool,
    flash: Path | None,
    json_path: Path | None,
    timeout_s: float,
) -> None:
    """Run PROGRAM, a bare-metal ELF file, on the embedded GAP8 simulator.

    Prints what the program prints, and exits with its status.
    """
    from kwslib.gap8.platforms import simulator

    if (trace_cores or trace_range) and not trace:
        raise InputError("--trace-cores and --trace-range need --trace FILE")
    try:
        result = simulator.simulate(
            program,
            timeout_s=timeout_s,
            max_cycles=max_cycles,
            profile=profile,
            trace=trace,
            trace_cores=_trace_mask(trace_cores) if trace_cores else None,
            trace_range=_trace_range(trace_range) if trace_range else None,
            check_uninitialised=check_uninitialised,
            flash=flash,
        )
    except simulator.SimulationFault as error:
        click.echo(error.stdout, nl=False)
        raise
    click.echo(result.stdout, nl=False)
    if result.stderr:
        click.echo(result.stderr, nl=False, err=True)
    if profile:
        click.echo(profile_table(result.profile), err=True)
    if json_path:
        figures = {name: value for name, value in result.__dict__.items() if name not in ("stdout", "stderr")}
        write_json(json_path, {"schema": 1, "simulator": simulator.source_hash(), **figures})
    context.exit(result.exit_status & 0xFF)


FILES = click.argument("files", nargs=-1, metavar="[MODEL.tflite] [CLIP.pgm|SOUND]", type=click.Path(path_type=Path))
PLATFORM = together(
    click.option("--gvsoc", "home", type=click.Path(path_type=Path), help="Folder of the GAP SDK (or of pulp-open)."),
    click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True, help="Seconds of the host."),
)
OUT = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help=f"Folder of the outputs ({OUT_DIR}/…)."
)


def _chosen(files: Sequence[Path], **named: Any) -> tuple["Network", list[Path]]:
    """The network and the clips of a command line."""
    from kwslib.runs import clips, networks

    models, sounds = clips.sort_files(files)
    models += [named["model"]] if named["model"] else []
    if len(models) > 1:
        raise InputError(f"two networks are named, {models[0]} and {models[1]}: give one")
    model = models[0] if models else None
    labels = split_labels(named["labels"])
    chosen = networks.choose(model, named["run"], named["size"], named["front_end"], labels)
    return clips.for_device(chosen, sounds), sounds


def _one(clips: Sequence[Path]) -> Path | None:
    if len(clips) > 1:
        raise InputError(f"a program classifies one clip; {len(clips)} are named: {', '.join(map(str, clips))}")
    return clips[0] if clips else None


def _positive(timeout_s: float) -> float:
    if not timeout_s > 0:
        raise InputError(f"--timeout must be positive, not {timeout_s:g}")
    return timeout_s


def _folder(out: Path | None, name: str, target: str) -> Path:
    return out or Path(OUT_DIR) / (name if target == "gap8" else f"{name}-{target}")


@gap8.command()
@FILES
@AT
@NETWORK
@click.option("--platform", default="simulator", show_default=True, help="What it is built for.")
@OUT
def build(files: tuple[Path, ...], at_s: float | None, platform: str, out: Path | None, **named: Any) -> None:
    """Build a program for GAP8 from an 8-bit .tflite file: ELF, plan.json and the C sources.

    The clip lies in the program: an 8-bit PGM fingerprint as 'kws samples' writes it, or sound.
    """
    from kwslib.gap8.platforms.platform import target_of
    from kwslib.gap8.program import compilation
    from kwslib.runs.clips import program_note, read_clip

    chosen, clips = _chosen(files, **named)
    target = target_of(platform)
    codes, heard = read_clip(chosen, _one(clips), at_s)
    folder = _folder(out, chosen.graph.name, target)
    built = compilation.build(chosen.graph, folder, chosen.labels, codes, target)
    click.echo(f"{chosen.describe()}\n{program_note(chosen)}")
    click.echo(f"plan: {built.plan.strategy}\nclip: {heard}")
    _say_portable(portable_text(built.plan.record().steps))
    click.echo(f"built for {target}: {built.elf}, {compilation.PLAN}, {compilation.PROJECT}/")


@gap8.command()
@FILES
@AT
@NETWORK
@click.option("--platform", help=f"{', '.join(PLATFORMS)}; simulator by default.")
@PLATFORM
@OUT
@click.option(
    "--stream",
    "stream_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Listen to a sound file of any length, as 'kws listen' does: events, and cycles of every hop.",
)
@EVENTS
@click.option(
    "--app",
    type=click.Path(path_type=Path),
    help="Run somebody's existing application in this folder by its own make; arguments are then make's: SMALL=1 …",
)
def run(
    files: tuple[Path, ...],
    at_s: float | None,
    platform: str | None,
    home: Path | None,
    timeout_s: float,
    out: Path | None,
    stream_file: Path | None,
    app: Path | None,
    **named: Any,
) -> None:
    """Build a program, run it, and compare every layer with the integer reference, bit for bit.

    Prints what the program prints: cycles of each layer, codes, the class. With --stream the program listens.
    """
    _positive(timeout_s)
    events = event_options.take(named)
    if stream_file is None and event_options.were_given(events):
        raise InputError("thresholds, pauses and the hop are for streams: name a recording with --stream")
    if app is not None:
        if at_s is not None or stream_file is not None or any(value for value in named.values()):
            raise InputError("--app runs an application with a network of its own: leave the network's options out")
        if platform not in (None, "gvsoc"):
            raise InputError(f"an application of the vendor's SDK runs on gvsoc, not on {platform}")
        _run_app(app, [str(file) for file in files], home, timeout_s, out)
        return
    if stream_file is not None:
        parameters = event_options.parameters(events)
        chosen, clips = _chosen(files, **named)
        if clips or at_s is not None:
            raise InputError(f"--stream hears {stream_file} alone: leave other sounds and --at out")
        folder = out or Path(OUT_DIR) / f"{chosen.graph.name}-stream"
        run_stream(chosen, stream_file, parameters, platform or "simulator", folder, timeout_s, home)
        return
    from kwslib.gap8.measure import deployment
    from kwslib.gap8.platforms.platform import open_platform
    from kwslib.gap8.program import compilation
    from kwslib.runs.clips import program_note, read_clip

    machine = open_platform(platform or "simulator", home)
    chosen, clips = _chosen(files, **named)
    codes, heard = read_clip(chosen, _one(clips), at_s)
    folder = _folder(out, chosen.graph.name, machine.target)
    built = compilation.build(chosen.graph, folder, chosen.labels, codes, machine.target)
    deployment.forget(folder)
    log = folder / deployment.LOG
    done, found = deployment.run_and_check(machine, chosen.graph, built.elf, codes, timeout_s, log)
    atomic_write_text(folder / deployment.OUTPUT, done.stdout)
    click.echo(f"{chosen.describe()}\n{program_note(chosen)}")
    click.echo(done.stdout, nl=False)
    _say_portable(portable_text(built.plan.record().steps, {layer.name: layer.cycles for layer in found.layers}))
    click.echo(f"every layer equals the integer reference, bit for bit\nclip: {heard}")
    click.echo(
        f"platform: {done.platform}, {done.version}" + ("" if machine.counts_cycles else "; it counts no cycles")
    )
    click.echo(f"log: {log}")


def _run_app(app: Path, arguments: list[str], home: Path | None, timeout_s: float, out: Path | None) -> None:
    from kwslib.gap8.measure import deployment
    from kwslib.gap8.measure.vendor_app import run_app

    log = (out or Path(OUT_DIR) / f"app-{app.absolute().name}") / deployment.LOG
    stdout, profile = run_app(app, arguments, home, timeout_s, log)
    click.echo(layer_table(profile.layers))
    atomic_write_text(log.with_name(deployment.OUTPUT), stdout)
    click.echo(f"log: {log}")


def layer_table(layers: Sequence["LayerProfile"]) -> str:
    """The baseline's table of some layers, with its total."""
    from kwslib.gap8.measure.profile_table import TOTAL, LayerProfile

    total = LayerProfile(TOTAL, sum(row.cycles for row in layers), sum(row.operations for row in layers))
    return "\n".join(
        f"{row.name:>45}: Cycles: {row.cycles:10}, Operations: {row.operations:10}, "
        f"Operations/Cycle: {row.operations_per_cycle:.6f}"
        for row in (*layers, total)
    )


@gap8.command()
@FILES
@AT
@NETWORK
@click.option("--platform", default="simulator", show_default=True, help="Only the simulator counts stalls.")
@PLATFORM
@OUT
@click.option("--rows", type=ROWS, default=25, show_default=True, help="Functions to show.")
def profile(
    files: tuple[Path, ...],
    at_s: float | None,
    platform: str,
    home: Path | None,
    timeout_s: float,
    out: Path | None,
    rows: int,
    **named: Any,
) -> None:
    """Build and run a program, and show where its cycles go: by layer, and by function, core and kind of stall."""
    from kwslib.gap8.measure import deployment
    from kwslib.gap8.platforms.platform import open_platform
    from kwslib.runs.clips import program_note, read_clip

    _positive(timeout_s)
    machine = open_platform(platform, home)
    chosen, clips = _chosen(files, **named)
    codes, heard = read_clip(chosen, _one(clips), at_s)
    folder = _folder(out, chosen.graph.name, machine.target)
    found = deployment.measure(chosen.graph, codes[None], folder, platform, timeout_s, chosen.labels, None, home)
    click.echo(f"{chosen.describe()}\n{program_note(chosen)}")
    click.echo(deployment_table(found))
    _say_portable(found.portable)
    click.echo(speed_line(found.cycles, found.front_end_cycles))
    if found.stalls:
        click.echo("\n" + profile_table(by_function(found.stalls), rows, f"by core in {deployment.DEPLOYMENT}"))
    click.echo(f"every layer equals the integer reference, bit for bit\nclip: {heard}")
    click.echo(f"platform: {found.platform}, {found.platform_version}\nwritten to {folder / deployment.DEPLOYMENT}")


def _say_portable(text: str) -> None:
    if text:
        click.echo(text)


def speed_line(cycles: int, front_end_cycles: int = 0) -> str:
    """Cycles of an inference in MLPerf's units, at the fastest clock; with the front end, if its cycles are known."""
    from kwslib.report.gap8_estimates import inferences_per_s
    from kwslib.runs.energy import MLPERF_CLOCK_MHZ, energy_uj

    what = "from sound to label" if front_end_cycles else "without the front end"
    cycles += front_end_cycles
    rate, energy = inferences_per_s(cycles, MLPERF_CLOCK_MHZ), energy_uj(cycles, MLPERF_CLOCK_MHZ)
    return (
        f"at {MLPERF_CLOCK_MHZ:g} MHz, {what}: {rate:.0f} inferences a second, "
        f"{energy:.0f} uJ an inference (an estimate from the chip's published power)"
    )


def _stage_rows(found: "Deployment") -> list[tuple[Any, ...]]:
    """The front end's rows, and their total."""
    rows: list[tuple[Any, ...]] = [
        (row.name, row.cycles, row.warm_cycles, None, row.operations, f"{row.operations / row.cycles:.3f}", *[None] * 5)
        for row in found.front_end
    ]
    if rows:
        sums = (found.front_end_cycles, sum(stage.warm_cycles for stage in found.front_end), None)
        operations = sum(stage.operations for stage in found.front_end)
        rows.append(("front end", *sums, operations, f"{operations / found.front_end_cycles:.3f}", *[None] * 5))
    return rows


def deployment_table(found: "Deployment") -> str:
    """A deployment as text: a row a layer; fused ones are marked, share their step's cycles and one prediction."""
    predicted = {step.layers[0]: step.predicted_cycles for step in found.steps if step.layers}
    rows: list[tuple[Any, ...]] = _stage_rows(found) + [
        (
            row.name + (" (fused)" if row.fused else ""),
            row.cycles,
            row.warm_cycles,
            predicted.get(row.name),
            row.operations,
            f"{row.operations / row.cycles:.3f}",
            f"{row.macs / row.cycles:.3f}",
            row.l1_peak_bytes,
            row.l2_peak_bytes,
            row.dma_in_bytes,
            row.dma_out_bytes,
        )
        for row in found.rows
    ]
    rates = (f"{found.operations / found.cycles:.3f}", f"{found.macs / found.cycles:.3f}")
    total = (found.cycles, found.warm_cycles, found.predicted_cycles, found.operations)
    rows.append(("total", *total, *rates, None, None, None, None))
    if found.front_end:
        warm = sum(stage.warm_cycles for stage in found.front_end) + found.warm_cycles
        rows.append(("sound to label", found.sound_to_label_cycles, warm, *[None] * 8))
    columns = ("cycles", "warm", "predicted", "operations", "op/cycle", "MAC/cycle")
    return table(rows, head=("layer", *columns, "L1 bytes", "L2 bytes", "DMA in", "DMA out"))


@gap8.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@FILES
@AT
@NETWORK
@EVENTS
@click.option("--force", is_flag=True, help="Replace an exported project that is there.")
def export(folder: Path, files: tuple[Path, ...], at_s: float | None, force: bool, **named: Any) -> None:
    """Write a self-contained C project into FOLDER: sources, weights, kernels, test vectors, Makefile.

    Every clip becomes a test vector with the outputs that the integer reference computes. A network that begins with
    sound also listens to streams, as 'kws listen' does; its clips are recordings for that, too.
    """
    from kwslib.gap8.program.export import export_project
    from kwslib.runs.clips import read_clip

    events = event_options.take(named)
    chosen, clips = _chosen(files, **named)
    vectors, said = [], []
    for clip in clips or (None,):
        codes, heard = read_clip(chosen, clip, at_s)
        vectors.append((_vector_name(clip), codes))
        said.append(f"clip: {heard}")
    listens, why = _listening(chosen, events)
    recordings = [_recording(clip, said) for clip in clips or (None,)] if listens else []
    plan = export_project(chosen.graph, folder, vectors, chosen.labels, force, listens, recordings)
    click.echo("\n".join([chosen.describe(), f"plan: {plan.strategy}", *said, why]))
    _say_portable(portable_text(plan.record().steps))
    click.echo(f"exported to {folder} with {len(vectors)} test vector(s); try: make -C {folder} all test")


def _listening(chosen: "Network", events: dict[str, Any]) -> tuple["Listening | None", str]:
    """Return how an exported network listens, or None, and say it; an error if options ask for what cannot be."""
    from kwslib.gap8.program.listening import listening

    parameters = event_options.parameters(events)
    try:
        found = listening(chosen.graph, parameters, chosen.labels)
    except InputError as error:
        if event_options.were_given(events):
            raise
        return None, f"the project hears no streams: {error}"
    return found, f"the project listens: a decision every {found.hop_ms} ms, {found.frames} new frames for each"


def _recording(clip: Path | None, said: list[str]) -> tuple[str, "np.ndarray"]:
    """The sound of a clip, for a test vector; what is left out of a long one is added to `said`."""
    from kwslib.config.front_end import SAMPLE_RATE_HZ
    from kwslib.runs.clips import DEFAULT_CLIP
    from kwslib.speech.recording import read_recording

    read = read_recording(clip or DEFAULT_CLIP)
    if read.seconds > LONGEST_VECTOR_S:
        said.append(f"recording: the first {LONGEST_VECTOR_S} s of the {read.seconds:.1f} s of {clip}")
    return _vector_name(clip), read.samples[: LONGEST_VECTOR_S * SAMPLE_RATE_HZ]


def _vector_name(clip: Path | None) -> str:
    return "default" if clip is None else re.sub(r"[^A-Za-z0-9_+-]", "-", clip.stem)[:200]
