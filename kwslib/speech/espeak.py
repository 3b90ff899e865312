"""Child process that speaks words with espeak-ng: ``python -m kwslib.speech.espeak``.

The only module that loads the espeak-ng library (GPL-3.0-or-later), and it does so in a process of its own, started
for each voice: what espeak-ng synthesises depends on what the process spoke before, so one process a voice and a
fixed order of words give the same samples every time. Imports nothing heavy: hundreds of these are started.
"""

import argparse
import ctypes
import itertools
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

SYNTHESIS_RATE_HZ = 22050
_SYNCHRONOUS = 2  # AUDIO_OUTPUT_SYNCHRONOUS of espeak-ng's speak_lib.h
_DONT_EXIT = 0x8000  # espeakINITIALIZE_DONT_EXIT: return an error instead of ending the process
_UTF8 = 1  # espeakCHARS_UTF8
_PHONEMES = 0x100  # espeakPHONEMES: read [[...]] in a text as phonemes
PHONEME_MARKS = ("[[", "]]")
"""Around a text that is spelled in espeak-ng's phonemes."""
_SEPARATOR = "_"
_BETWEEN_WORDS = r"\s+|_{3,}"
"""A space, or a pause, which is written as a separator and stands between two."""
_RATE, _PITCH, _RANGE = 1, 3, 4  # espeak_PARAMETER
_LIMITS = {"rate_wpm": (80, 450), "pitch": (0, 100), "range": (0, 100)}  # the documented ranges
_CALLBACK = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class _Voice(ctypes.Structure):
    """espeak_VOICE; `languages` points at pairs of a priority byte and a name."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("reserved", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


class EspeakError(Exception):
    """Loading the library, choosing the voice or speaking a word failed; the message says which."""


class Engine:
    """The espeak-ng library of the package espeakng-loader, initialised.

    Attributes
    ----------
    version : str
        Version of the library, for instance ``1.52.0``.

    Raises
    ------
    EspeakError
        If the package, the library or its data is missing or broken.
    """

    def __init__(self) -> None:
        try:
            import espeakng_loader

            data = Path(espeakng_loader.get_data_path()).absolute()
            self._library = ctypes.CDLL(str(espeakng_loader.get_library_path()))
        except (ImportError, OSError) as error:
            raise EspeakError(f"the espeak-ng library cannot be loaded: {error}") from error
        if not (data / "phontab").is_file():
            raise EspeakError(f"the data of espeak-ng is missing in {data}")
        # espeak-ng keeps the path in a short fixed buffer; a relative one is never too long.
        os.chdir(data.parent)
        self._variants = data / "voices" / "!v"
        rate_hz = self._library.espeak_Initialize(_SYNCHRONOUS, 0, b".", _DONT_EXIT)
        if rate_hz != SYNTHESIS_RATE_HZ:
            raise EspeakError(f"espeak-ng starts with {rate_hz} Hz, not with {SYNTHESIS_RATE_HZ} Hz")
        try:
            # Breathy voices draw noise from a generator that espeak-ng seeds with the time.
            self._library.espeak_ng_SetRandSeed(ctypes.c_long(1))
        except AttributeError as error:
            raise EspeakError("this espeak-ng cannot seed its noise; version 1.52 or later is needed") from error
        self._library.espeak_Info.restype = ctypes.c_char_p
        self.version = self._library.espeak_Info(None).decode().split()[0]
        self._pieces: list[bytes] = []
        self._callback = _CALLBACK(self._collect)  # kept, or the library would call freed memory
        self._library.espeak_SetSynthCallback(self._callback)

    def _collect(self, samples: Any, count: int, _events: Any) -> int:
        if samples and count > 0:
            self._pieces.append(ctypes.string_at(samples, 2 * count))
        return 0

    def choose(self, voice: str) -> None:
        """Select a voice, ``accent`` or ``accent+variant``; espeak-ng itself ignores an unknown variant."""
        _, _, variant = voice.partition("+")
        if variant and not (self._variants / variant).is_file():
            raise EspeakError(f"espeak-ng has no voice variant '{variant}' (asked for voice '{voice}')")
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakError(f"espeak-ng has no voice '{voice}'")

    def voices(self) -> list[dict[str, str]]:
        """Return the voices without variant: ``code`` of the language, ``name`` of it, and ``voice`` for `choose`."""
        self._library.espeak_ListVoices.restype = ctypes.POINTER(ctypes.POINTER(_Voice))
        listed, found = self._library.espeak_ListVoices(None), []
        for voice in itertools.takewhile(bool, listed):
            about = voice.contents
            code = ctypes.string_at(about.languages + 1).decode()
            file = about.identifier.decode().rpartition("/")[2]
            found.append({"code": code.lower(), "name": about.name.decode().strip(), "voice": file.lower()})
        return found

    def phonemes(self, text: str) -> list[list[str]]:
        """Return the phonemes of a text as the chosen voice would speak it, word by word, in espeak-ng's spelling."""
        convert = self._library.espeak_TextToPhonemes
        convert.restype = ctypes.c_char_p
        rest = ctypes.pointer(ctypes.c_char_p(text.encode()))
        said = b""
        while rest.contents.value is not None:  # a clause at a time
            said += (convert(ctypes.cast(rest, ctypes.c_void_p), _UTF8, ord(_SEPARATOR) << 8) or b"") + b" "
        words = re.split(_BETWEEN_WORDS, said.decode())
        return [phonemes for word in words if (phonemes := [part for part in word.split(_SEPARATOR) if part])]

    def speak(self, text: str, rate_wpm: int, pitch: int, range: int) -> bytes:
        """Return `text` spoken, as 16-bit samples at 22,050 Hz in the machine's byte order.

        A text in `PHONEME_MARKS` is read as phonemes.

        Raises
        ------
        EspeakError
            If the synthesis fails, or yields nothing but zeros.
        """
        for parameter, value in ((_RATE, rate_wpm), (_PITCH, pitch), (_RANGE, range)):
            if self._library.espeak_SetParameter(parameter, value, 0) != 0:
                raise EspeakError(f"espeak-ng refuses the value {value} of parameter {parameter}")
        self._pieces.clear()
        encoded = text.encode() + b"\0"
        flags = _UTF8 | (_PHONEMES if text.startswith(PHONEME_MARKS[0]) else 0)
        status = self._library.espeak_Synth(encoded, len(encoded), 0, 1, 0, flags, None, None)
        if status != 0 or self._library.espeak_Synchronize() != 0:
            raise EspeakError(f"espeak-ng failed to speak '{text}' (status {status})")
        audio = b"".join(self._pieces)
        if not any(audio):
            raise EspeakError(f"espeak-ng spoke nothing for '{text}'")
        return audio


def _checked(utterance: dict[str, Any]) -> dict[str, Any]:
    for name, (low, high) in _LIMITS.items():
        if not low <= utterance[name] <= high:
            raise EspeakError(f"{name} is {utterance[name]}, not within {low} to {high}")
    return utterance


def main(arguments: list[str] | None = None) -> int:
    """Speak the utterances that standard input lists as JSON; print the number of samples of each as JSON.

    Standard input holds ``[{"text": "yes", "rate_wpm": 170, "pitch": 50, "range": 50}, …]``. The samples of all
    utterances, one after the other, are written to ``--out``.
    """
    parser = argparse.ArgumentParser(prog="python -m kwslib.speech.espeak", description=__doc__)
    parser.add_argument("--voice", help="accent+variant, for instance en-us+f1")
    parser.add_argument("--out", type=Path, help="file for the samples")
    parser.add_argument("--version", action="store_true", help="print the version of espeak-ng and end")
    parser.add_argument("--voices", action="store_true", help="print the voices as JSON and end")
    parser.add_argument("--phonemes", action="store_true", help="print the phonemes of a JSON list of texts as JSON")
    options = parser.parse_args(arguments)
    about = options.version or options.voices
    if not about and (options.voice is None or (options.out is None and not options.phonemes)):
        parser.error("--voice and --out are needed")
    out = options.out and options.out.absolute()
    try:
        engine = Engine()
        if options.version:
            print(engine.version)
            return 0
        if options.voices:
            print(json.dumps(engine.voices()))
            return 0
        engine.choose(options.voice)
        if options.phonemes:
            print(json.dumps([engine.phonemes(text) for text in json.load(sys.stdin)]))
            return 0
        spoken = [engine.speak(**_checked(utterance)) for utterance in json.load(sys.stdin)]
        out.write_bytes(b"".join(spoken))
    except (EspeakError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(json.dumps({"version": engine.version, "samples": [len(audio) // 2 for audio in spoken]}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
