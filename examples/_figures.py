"""What the examples share: how their figures look, and where these go."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

# Three hues that colour-blind readers tell apart.
BLUE, GREEN, RED = "#0072B2", "#009E73", "#CC3311"

plt.rcParams.update(
    {
        "font.family": "STIXGeneral",
        "mathtext.fontset": "stix",
        "font.size": 13,
        "axes.titlesize": 14,
        "axes.axisbelow": True,
        "axes.grid": True,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "figure.constrained_layout.h_pad": 0.1,
        "figure.constrained_layout.use": True,
        "figure.constrained_layout.w_pad": 0.12,
        "grid.color": "0.9",
        "legend.frameon": False,
        "lines.linewidth": 2,
        "lines.markersize": 8,
        "savefig.dpi": 150,
    }
)


def output_folder(description: str | None) -> Path:
    """The folder named on the command line; ``examples/output`` unless one is."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--output", type=Path, default=Path(__file__).parent / "output")
    folder: Path = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def save(folder: Path, figures: Mapping[str, Figure]) -> None:
    """Save the figures by their names, and show them if there is a screen."""
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png")
        print(f"    {name}.png")
    print(f"\nsaved in {folder}")
    if any(figure.canvas.required_interactive_framework for figure in figures.values()):
        plt.show()
