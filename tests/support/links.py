"""Whether links lead somewhere: ``python tests/support/links.py FILE...``.

Links of Markdown, of notebooks and of HTML; those into the same place by looking, those to other
places by asking.  What cannot be reached at all, for want of a network perhaps, is only reported.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from html import unescape
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import unquote
from urllib.request import Request, urlopen

IN_MARKDOWN = re.compile(r"(?<!`)\]\(<?([^)>\s]+)>?\)|<(https?://[^>\s]+)>")
IN_HTML = re.compile(r'\b(?:href|src)="([^"]+)"')


def links(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        yield from map(unescape, IN_HTML.findall(text))
        return
    if path.suffix == ".ipynb":
        cells = json.loads(text)["cells"]
        text = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")
    text = re.sub(r"^```.*?^```", "", text, flags=re.M | re.S)
    yield from (one or other for one, other in IN_MARKDOWN.findall(text))


def is_there(path: Path, link: str) -> bool:
    """Whether a link within the same place has its file, and its anchor if that is HTML."""
    name, _, anchor = link.partition("#")
    target = path.parent / unquote(name.partition("?")[0]) if name else path
    if not target.exists() or not anchor:
        return target.exists()
    text = target.read_text(encoding="utf-8")
    if target.suffix == ".html":
        return f'id="{unquote(anchor)}"' in text
    heads = re.findall(r"^#+ (.*)$", text, re.M)
    return anchor in [re.sub(r"[^\w -]", "", head.lower()).replace(" ", "-") for head in heads]


def answer(url: str) -> str:
    """What another place answers: nothing if all is well."""
    try:
        with urlopen(Request(url, headers={"User-Agent": "Mozilla/5.0"}), timeout=20):
            return ""
    except HTTPError as error:
        # That one may not look says that there is something.
        return "" if error.code in (401, 403, 405, 429) else f"answers {error.code}"
    except (URLError, TimeoutError, OSError) as error:
        return f"cannot be reached ({getattr(error, 'reason', error)})"


def main(paths: list[Path]) -> int:
    broken, outside, seen = [], set(), 0
    for path in paths:
        for link in links(path):
            seen += 1
            if re.match(r"https?:|//", link):
                outside.add(re.sub("^//", "https://", link).partition("#")[0])
            elif not re.match(r"mailto:|data:|javascript:", link) and not is_there(path, link):
                broken.append(f"{path}: {link} is not there")
    for url in sorted(outside):
        if found := answer(url):
            print(f"{url} {found}")
            if found.startswith("answers"):
                broken.append(f"{url} {found}")
    print(*broken, sep="\n", end="\n" * bool(broken))
    print(
        f"{seen} links in {len(paths)} files, {len(outside)} places outside: {len(broken)} broken"
    )
    return bool(broken)


if __name__ == "__main__":
    sys.exit(main([Path(name) for name in sys.argv[1:]]))
