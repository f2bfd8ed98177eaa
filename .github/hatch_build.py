"""What an index shows: README with links that work there, and the project's addresses.

Both begin with ``repository``, which is set in one place, ``pyproject.toml``, at
``[tool.hatch.metadata.hooks.custom]``.  While it is empty there are no addresses, and README's
links into the repository are left out.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

INTO_REPOSITORY = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|#)([^)]+)\)")
PLACES = {
    "Documentation": "blob/HEAD/README.md",
    "Changelog": "blob/HEAD/CHANGELOG.md",
    "Issues": "issues",
}


def published(readme: str, repository: str) -> str:
    """README, with its links into the repository made absolute, or without them."""

    def link(match: re.Match[str]) -> str:
        picture, text, path = match.groups()
        if not repository:
            return "" if picture else text
        return f"{picture}[{text}]({repository}/{'raw' if picture else 'blob'}/HEAD/{path})"

    return INTO_REPOSITORY.sub(link, readme)


def addresses(repository: str) -> dict[str, str]:
    places = {name: f"{repository}/{path}" for name, path in PLACES.items()}
    return {"Repository": repository, **places} if repository else {}


class Published(MetadataHookInterface):
    def update(self, metadata: dict[str, Any]) -> None:
        repository = self.config["repository"].rstrip("/")
        readme = (Path(self.root) / "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": published(readme, repository),
        }
        metadata["urls"] = addresses(repository)
