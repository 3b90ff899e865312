"""The largest numbers that options and parameters take: what is beyond them is a slip of the finger.

The numbers are far above what makes sense. They only see to it that a run does not hang, or fail in its middle.
"""

SEED = (1 << 32) - 1
"""What Keras' and NumPy's generators take."""
THREADS = 1024
"""Of the processor, and processes."""
CLIPS = 1_000_000
STEPS = 10_000_000
MILLISECONDS = 60_000
CYCLES = (1 << 49) - 1
"""Of the simulator, whose picoseconds then fit 63 bits: three months of GAP8."""
ROWS = 100_000
SOUND_S = 360_000.0
"""Seconds of sound in a file: a hundred hours."""
HOURS = 10_000.0
"""Of the sound that a study makes."""
INPUT_SCALES = 1e-6, 1e6
"""Least and largest scale of a network's input; fingerprints reach from -250 to 250."""

MOST: dict[str, int] = {
    "seed": SEED,
    "threads": THREADS,
    "channels": 4096,
    "blocks": 256,
    "window_ms": 1000,
    "stride_ms": 1000,
    "coefficients": 1024,
    "fft_points": 1 << 16,
    "bands": 1024,
    "steps": STEPS,
    "quantise_after": STEPS,
    "warm_up_steps": STEPS,
    "validate_every_steps": STEPS,
    "batch_clips": CLIPS,
    "copies": 10_000,
    "snr_ramp_copies": 10_000,
    "shift_frames": 1000,
    "time_masks": 1000,
    "mask_frames": 1000,
    "coefficient_masks": 1000,
    "mask_coefficients": 1000,
    "calibration_clips": CLIPS,
    "branches": 100,
    "clips": CLIPS,
}
"""Of each whole number among the notebooks' parameters."""
