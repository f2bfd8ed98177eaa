#!/usr/bin/env bash
# What a newcomer does, in an empty folder: clone, run README's commands in fresh environments, open
# every notebook, build the reference, follow every link.  tests/newcomer.sh [REPOSITORY [FOLDER]]
set -euo pipefail
repository=$(realpath "${1:-$(dirname "$0")/..}")
folder=$(realpath "${2:-$(mktemp -d)}")
cd "$folder"
unset PYTHONPATH VIRTUAL_ENV
export MPLBACKEND=Agg

say() { printf '\n== %s (after %d s)\n' "$*" "$SECONDS"; }

command_of_readme() { # the one that holds these words
  python3 - "$1" <<'PYTHON'
import re, sys
blocks = re.findall(r"^```sh\n(.*?)\n```$", open("README.md", encoding="utf-8").read(), re.M | re.S)
(found,) = (block for block in blocks if sys.argv[1] in block)
print(found)
PYTHON
}

say "clone $repository"
for copy in examples tests guide; do git clone -q "$repository" "$copy"; done

say "README's first command: install, and run the main examples"
(cd examples && eval "$(command_of_readme derivative_of_relu.py)" && ls -l examples/output/*.png)

say "README's second command: install, and run the tests"
(cd tests && eval "$(command_of_readme pytest)" | tail -n 60)

cd guide
say "the guide"
command=$(command_of_readme jupyter)
python3 -m venv .venv
eval "${command%% && *}" # the installation; what opens the guide waits for a reader
.venv/bin/jupyter lab --version
for notebook in examples/*.ipynb; do
  case $notebook in *frameworks*) .venv/bin/pip install -q torch==2.13.0 && .venv/bin/pip install -q -e ".[bridges]" ;; esac
  (cd examples && time ../.venv/bin/jupyter nbconvert --log-level=ERROR --to html --execute \
    --output-dir=../build/guide "${notebook#examples/}")
done

say "the reference"
.venv/bin/pip install -q -e ".[reference]"
.venv/bin/python -m sphinx -q -W --keep-going -b html .github/reference build/reference

say "links"
.venv/bin/python tests/support/links.py *.md .github/*.md examples/*.ipynb build/reference/*.html

say "done"
