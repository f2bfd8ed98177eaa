"""What the examples share: how their figures look, and where these go."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

plt.style.use(Path(__file__).with_name("figures.mplstyle"))
BLUE, GREEN, RED = plt.rcParams["axes.prop_cycle"].by_key()["color"]


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
