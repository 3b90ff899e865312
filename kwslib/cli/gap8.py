"""The command line's ``kws gap8`` group: what can be done with a GAP8 program."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kwslib.cli import event_options
from kwslib.cli.event_options import EVENTS
from kwslib.cli.gap8_export import export
from kwslib.cli.gap8_foreign import record_foreign
from kwslib.cli.gap8_simulate import by_function, profile_table, simulate
from kwslib.cli.gap8_stream import run_stream
from kwslib.cli.gap8_tables import deployment_table, layer_table, speed_line, stall_table
from kwslib.cli.options import AT, FILES, NETWORK, ROWS, WAITS, chosen_network, together
from kwslib.errors import InputError
from kwslib.files import keep_apart
from kwslib.gap8.measure.portable import portable_text
from kwslib.gap8.platforms.platform import PLATFORMS
from kwslib.paths import atomic_write_text

if TYPE_CHECKING:
    from kwslib.runs.known_network import Network

OUT_DIR = "_build/gap8"
"""Where outputs go if no folder is named: a folder for each network and target."""


@click.group(name="gap8")
def gap8() -> None:
    """Build networks for the GAP8 microcontroller, run them, and see where their cycles go."""


for command in (export, record_foreign, simulate):
    gap8.add_command(command)


PLATFORM = together(
    click.option("--gvsoc", "home", type=click.Path(path_type=Path), help="Folder of the GAP SDK (or of pulp-open)."),
    click.option("--timeout", "timeout_s", type=WAITS, default=600.0, show_default=True, help="Seconds of the host."),
)
OUT = click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help=f"Folder of the outputs ({OUT_DIR}/…)."
)


def _one(clips: Sequence[Path]) -> Path | None:
    if len(clips) > 1:
        raise InputError(f"a program classifies one clip; {len(clips)} are named: {', '.join(map(str, clips))}")
    return clips[0] if clips else None


def _folder(out: Path | None, chosen: "Network", target: str, clips: Sequence[Path]) -> Path:
    """The folder of the outputs; an error if what is read lies where the C project is written."""
    from kwslib.gap8.program.compilation import PROJECT

    name = chosen.graph.name
    folder = out or Path(OUT_DIR) / (name if target == "gap8" else f"{name}-{target}")
    sounds = (("the clip", clip) for clip in clips)
    keep_apart([("the network", chosen.path), *sounds], [("the project", folder / PROJECT)])
    return folder


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

    chosen, clips = chosen_network(files, **named)
    target = target_of(platform)
    codes, heard = read_clip(chosen, _one(clips), at_s)
    folder = _folder(out, chosen, target, clips)
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
        chosen, clips = chosen_network(files, **named)
        if clips or at_s is not None:
            raise InputError(f"--stream hears {stream_file} alone: leave other sounds and --at out")
        folder = _folder(out, chosen, "stream", [stream_file])
        run_stream(chosen, stream_file, parameters, platform or "simulator", folder, timeout_s, home)
        return
    from kwslib.gap8.measure import checked_run, deployment_record
    from kwslib.gap8.platforms.platform import open_platform
    from kwslib.gap8.program import compilation
    from kwslib.runs.clips import program_note, read_clip

    machine = open_platform(platform or "simulator", home)
    chosen, clips = chosen_network(files, **named)
    codes, heard = read_clip(chosen, _one(clips), at_s)
    folder = _folder(out, chosen, machine.target, clips)
    built = compilation.build(chosen.graph, folder, chosen.labels, codes, machine.target)
    deployment_record.forget(folder)
    log = folder / deployment_record.LOG
    done, found = checked_run.run_and_check(machine, chosen.graph, built.elf, codes, timeout_s, log)
    atomic_write_text(folder / deployment_record.OUTPUT, done.stdout)
    click.echo(f"{chosen.describe()}\n{program_note(chosen)}")
    click.echo(done.stdout, nl=False)
    _say_portable(portable_text(built.plan.record().steps, {layer.name: layer.cycles for layer in found.layers}))
    click.echo(f"every layer equals the integer reference, bit for bit\nclip: {heard}")
    click.echo(
        f"platform: {done.platform}, {done.version}" + ("" if machine.counts_cycles else "; it counts no cycles")
    )
    click.echo(f"log: {log}")


def _run_app(app: Path, arguments: list[str], home: Path | None, timeout_s: float, out: Path | None) -> None:
    from kwslib.gap8.measure import deployment_record
    from kwslib.gap8.measure.vendor_app import run_app

    log = (out or Path(OUT_DIR) / f"app-{app.absolute().name}") / deployment_record.LOG
    stdout, profile = run_app(app, arguments, home, timeout_s, log)
    click.echo(layer_table(profile.layers))
    atomic_write_text(log.with_name(deployment_record.OUTPUT), stdout)
    click.echo(f"log: {log}")


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
    from kwslib.gap8.measure import deployment, deployment_record
    from kwslib.gap8.platforms.platform import open_platform
    from kwslib.runs.clips import program_note, read_clip

    machine = open_platform(platform, home)
    chosen, clips = chosen_network(files, **named)
    codes, heard = read_clip(chosen, _one(clips), at_s)
    folder = _folder(out, chosen, machine.target, clips)
    found = deployment.measure(chosen.graph, codes[None], folder, platform, timeout_s, chosen.labels, None, home)
    click.echo(f"{chosen.describe()}\n{program_note(chosen)}")
    click.echo(deployment_table(found))
    _say_portable(found.portable)
    click.echo(speed_line(found.cycles, found.front_end_cycles))
    if stalls := stall_table(found):
        click.echo("\n" + stalls)
    if found.stalls:
        click.echo("\n" + profile_table(by_function(found.stalls), rows, f"by core in {deployment_record.DEPLOYMENT}"))
    click.echo(f"every layer equals the integer reference, bit for bit\nclip: {heard}")
    click.echo(
        f"platform: {found.platform}, {found.platform_version}\nwritten to {folder / deployment_record.DEPLOYMENT}"
    )


def _say_portable(text: str) -> None:
    if text:
        click.echo(text)
