"""The scale of a recording, as the commands that read files take it."""

import math
from typing import Annotated

import typer

from monitor.app.failure import Exit, Failure


def _checked(full_scale_pa: float | None) -> float | None:
    if full_scale_pa is not None and not 0 < full_scale_pa < math.inf:
        raise Failure(Exit.USAGE, f"--full-scale-pa {full_scale_pa} must be a pressure above 0 Pa.")
    return full_scale_pa


FullScalePa = Annotated[
    float | None,
    typer.Option(
        help="Pressure at sample value 1.0, Pa. Unknown: 2.835798 is assumed, and levels are said to be relative.",
        callback=_checked,
    ),
]
