"""Mutation testing: does a test fail when the package is changed?

    python .github/mutants.py symrelu/gradients/rules.py symrelu/matrices/algebra.py

The changes are those of mutmut, which by itself passes over decorated functions: here
most rules are.  A mutant meets the tests that run the changed statement, those of its
module first and the fast ones first, until one fails.  It does so in a process of its own.
That process is forked after pytest has collected the tests, and is given the changed
function in place of the one it has; where that is not possible (a table, a default), or
where the function ran before the tests did, it is forked earlier and imports the mutant.
"""

import argparse
import difflib
import gc
import json
import os
import random
import re
import resource
import signal
import sys
import time
import warnings
from collections import defaultdict, deque
from functools import lru_cache
from importlib import import_module
from importlib.machinery import SourceFileLoader
from importlib.util import spec_from_file_location
from inspect import CO_NEWLOCALS
from itertools import accumulate, count
from pathlib import Path
from types import CodeType, FunctionType

import pytest
from hypothesis import Phase, settings
from tqdm import tqdm

ENGINES = ["sympy", "numpy", "scipy", "mpmath", "jax", "torch", "numexpr", "dask.array"]
# Packaging and examples run in processes that no mutant reaches; Numba compiles for seconds.
OPTIONS = [
    "-q",
    "-x",
    "-p",
    "no:cacheprovider",
    "--assert=plain",
    "-knot(numba)",
    "--ignore=tests/test_examples.py",
    "--ignore=tests/test_packaging.py",
    "--ignore=tests/test_readme.py",
]


# Mutants


def mutants(path):
    """Every mutant of a module, with the lines of the statement that is changed."""
    import libcst as cst
    from libcst.metadata import (
        MetadataWrapper,
        ParentNodeProvider,
        PositionProvider,
        WhitespaceInclusivePositionProvider,
    )
    from mutmut.mutation.file_mutation import MutationVisitor
    from mutmut.mutation.mutators import mutation_operators
    from mutmut.mutation.pragma_handling import IgnoredCode

    class Visitor(MutationVisitor):
        def _skip_node_and_children(self, node):
            if isinstance(node, cst.FunctionDef):
                return False
            imports = isinstance(node, (cst.Import, cst.ImportFrom))
            return imports or super()._skip_node_and_children(node)

    source = path.read_text()
    starts = [0, *accumulate(map(len, source.splitlines(True)))]
    wrapper = MetadataWrapper(cst.parse_module(source))
    visitor = Visitor(mutation_operators, IgnoredCode(set(), set(), set()))
    module = wrapper.visit(visitor)
    parents = wrapper.resolve(ParentNodeProvider)
    spans = wrapper.resolve(WhitespaceInclusivePositionProvider)
    lines = wrapper.resolve(PositionProvider)
    for change in visitor.mutations:
        node = statement = change.original_node
        first, last = (starts[p.line - 1] + p.column for p in (spans[node].start, spans[node].end))
        mutated = source[:first] + module.code_for_node(change.mutated_node) + source[last:]
        while not isinstance(statement, (cst.SimpleStatementLine, cst.Module)):
            statement = parents[statement]
        where = lines[node if isinstance(statement, cst.Module) else statement]
        if _but_for_strict(mutated) != _but_for_strict(source):
            touched = [*range(where.start.line, where.end.line + 1)]
            yield {"path": str(path), "lines": touched, "source": mutated}


def _but_for_strict(source):
    """The same without what is only said of lengths that are equal: no test could notice it."""
    return re.sub(r"\bstrict=\w+", "", source)


class Importer:
    """Imports a mutant where its module is asked for."""

    def __init__(self, path, source):
        self.name, self.path = (
            path.removesuffix(".py").removesuffix("/__init__").replace("/", "."),
            os.path.abspath(path),
        )
        self.loader = SourceFileLoader(self.name, self.path)
        self.loader.get_code = lambda name: compile(source, self.path, "exec")

    def find_spec(self, name, path=None, target=None):
        if name == self.name:
            return spec_from_file_location(name, self.path, loader=self.loader)
        return None


def codes(code):
    yield code
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from codes(const)


def is_function(code):
    return code.co_flags & CO_NEWLOCALS  # not the body of a module or class


def without_functions(code):
    """What a code object does by itself."""
    consts = [repr(c) for c in code.co_consts if not isinstance(c, CodeType)]
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars


def transplant(mutant, functions):
    """Give the functions that are there the changed code; whether that could be done."""
    texts = Path(mutant["path"]).read_text(), mutant["source"]
    old, new = ([*codes(compile(t, mutant["path"], "exec"))] for t in texts)
    if len(old) != len(new):
        return False
    pairs = [*zip(old, new, strict=True)]
    if any(without_functions(a) != without_functions(b) for a, b in pairs if not is_function(a)):
        return False
    try:
        changed = [(f, b) for a, b in pairs if a != b for f in functions.get(a, ())]
        for function, code in changed:
            function.__code__ = code
    except ValueError:  # another number of free variables
        return False
    return bool(changed)


def of_type(kind):
    """All objects of a type that there are."""
    return [thing for thing in gc.get_objects() if type(thing) is kind]


# Tests


class Recorder:
    """A pytest plugin that notes which test runs which lines, and how long it takes."""

    def __init__(self, cover):
        self.cover, self.seconds = cover, {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        self.cover.switch_context(item.nodeid)
        start = time.process_time()  # which other processes do not lengthen
        result = yield
        self.seconds[item.nodeid] = time.process_time() - start
        self.cover.switch_context("")
        return result


def record(tests, file):
    import coverage

    cover = coverage.Coverage(source=["symrelu"], data_file=None, config_file=False)
    recorder = Recorder(cover)
    cover.start()
    code = pytest.main([*OPTIONS, *tests], plugins=[recorder])
    cover.stop()
    data = cover.get_data()
    runs = {os.path.relpath(p): data.contexts_by_lineno(p) for p in data.measured_files()}
    file.write_text(json.dumps({"runs": runs, "seconds": recorder.seconds}))
    os._exit(code)


def choose(mutant, recorded, budget):
    """The tests that run the statement: those of its module, then the fast ones of each file."""
    runs, seconds = recorded["runs"][mutant["path"]], recorded["seconds"]
    names = {name for line in mutant["lines"] for name in runs.get(str(line), ())}
    if not names - {""}:  # it runs when the module is imported
        names = {name for tests in runs.values() for name in tests}
    own, ranks = f"/test_{Path(mutant['path']).stem}.py", defaultdict(count)
    fast = sorted(names - {""}, key=seconds.get)
    order = {name: next(ranks[name.partition("::")[0]]) for name in fast}
    names = sorted(fast, key=lambda name: (own not in name, order[name]))
    spent = accumulate(seconds[name] for name in names)
    return [name for name, total in zip(names, spent, strict=True) if total <= budget]


def runs_early(mutant, recorded):
    """Whether the statement runs when modules and tests are imported."""
    runs = recorded["runs"][mutant["path"]]
    return any("" in runs.get(str(line), ()) for line in mutant["lines"])


class Judge:
    """A pytest plugin that runs chosen tests and leaves at the first failure.

    It leaves before pytest prints what has failed: of a deep expression that never ends.
    """

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item, call):
        fine = (pytest.skip.Exception, pytest.xfail.Exception)
        if call.excinfo and not call.excinfo.errisinstance(fine):
            os._exit(item.get_closest_marker("xfail") is None)

    def judge(self, session, names):
        phases = [Phase.explicit, Phase.generate]  # one failure is enough
        settings.register_profile("mutants", settings.get_profile("ci"), phases=phases)
        settings.load_profile("mutants")
        items = {item.nodeid: item for item in session.items}
        items = [items[name] for name in names if name in items]
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        os._exit(0)


class Early(Judge):
    """Judges one mutant that is imported."""

    def __init__(self, names):
        self.names = names

    def pytest_runtestloop(self, session):
        self.judge(session, self.names)


class Late(Judge):
    """Judges mutants that are transplanted, and sends the verdicts."""

    def __init__(self, todo, recorded, options, verdicts):
        self.todo, self.recorded, self.options = todo, recorded, options
        self.verdicts = verdicts

    def pytest_runtestloop(self, session):
        warnings.simplefilter("ignore")
        functions, caches = defaultdict(list), of_type(type(lru_cache(len)))
        for function in of_type(FunctionType):
            if function.__code__.co_filename.startswith(os.path.abspath("symrelu")):
                functions[function.__code__].append(function)
        gc.freeze()

        def meet(mutant):
            if not transplant(mutant, functions):
                os._exit(2)
            for cache in caches:  # what the module as it is has computed
                cache.cache_clear()
            self.judge(session, choose(mutant, self.recorded, self.options.budget))

        with self.verdicts.open("w") as file:
            for index, verdict in judged(self.todo, meet, self.options):
                print(index, verdict, file=file, flush=True)
        os._exit(0)


def judged(todo, meet, options):
    """The numbers of the mutants with their verdicts, as they come."""
    waiting, running = deque(enumerate(todo)), {}
    bar = tqdm(total=len(todo), mininterval=10)
    while waiting or running:
        while waiting and len(running) < options.jobs:
            index, mutant = waiting.popleft()
            pid = os.fork()
            if pid == 0:
                try:
                    resource.setrlimit(resource.RLIMIT_DATA, (6 << 30, 6 << 30))
                    resource.setrlimit(resource.RLIMIT_CPU, (options.limit, options.limit))
                    for stream in (1, 2):
                        os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
                    meet(mutant)
                finally:
                    os._exit(1)
            running[pid] = (index, time.monotonic())
        for pid, (index, start) in list(running.items()):
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                del running[pid]
                bar.update()
                yield index, verdict(status)
            elif time.monotonic() - start > 3 * options.limit:
                os.kill(pid, signal.SIGTERM)
        time.sleep(0.002)


def verdict(status):
    if os.WIFSIGNALED(status):  # a process that waits may do so for the fork, one that computes not
        return "waiting" if os.WTERMSIG(status) == signal.SIGTERM else "killed"
    return {0: "survived", 1: "killed", 2: "elsewhere"}[os.WEXITSTATUS(status)]


def forked(function, *args):
    pid = os.fork()
    if pid == 0:
        try:
            function(*args)
        finally:
            os._exit(1)
    return os.waitpid(pid, 0)[1]


def survivors(todo, recorded, options):
    """The mutants that no test notices."""

    def imported(mutant):
        sys.meta_path.insert(0, Importer(mutant["path"], mutant["source"]))
        names = choose(mutant, recorded, options.budget)
        files = sorted({name.partition("::")[0] for name in names})
        pytest.main([*OPTIONS, *files], plugins=[Early(names)])
        os._exit(1)

    file = options.record.with_suffix(".verdicts")
    late = Late(todo, recorded, options, file)
    if forked(pytest.main, [*OPTIONS, *options.tests], [late]) != 0:
        sys.exit("the tests could not be collected")
    rest, left = [], []
    for line in file.read_text().splitlines():
        index, verdict = line.split()
        mutant = todo[int(index)]
        early = verdict == "survived" and runs_early(mutant, recorded)
        if early or verdict in ("elsewhere", "waiting"):
            rest.append(mutant)
        elif verdict == "survived":
            left.append(mutant)
    for index, verdict in judged(rest, imported, options):
        if verdict == "survived":
            left.append(rest[index])
    return left


def diff(mutant):
    old = Path(mutant["path"]).read_text().splitlines()
    lines = difflib.unified_diff(old, mutant["source"].splitlines(), n=0, lineterm="")
    return "\n".join([mutant["path"], *list(lines)[2:]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("paths", nargs="+", type=Path)
    parser.add_argument("--tests", nargs="+", default=["tests", "symrelu"])
    parser.add_argument(
        "--record", type=Path, default=Path("mutants.json"), help="what each test runs; made once"
    )
    parser.add_argument("--sample", type=int, help="how many mutants to draw from a module")
    parser.add_argument("--seed", type=int, default=0, help="which ones; the same again and again")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--budget", type=float, default=20, help="seconds of tests for a mutant")
    parser.add_argument("--limit", type=int, default=45, help="seconds until it counts as killed")
    options = parser.parse_args()
    sys.path.insert(0, os.getcwd())
    for name in ENGINES:
        import_module(name)
    if not options.record.exists() and forked(record, options.tests, options.record) != 0:
        sys.exit("the tests fail without any change")
    recorded = json.loads(options.record.read_text())
    for path in options.paths:
        todo = list(mutants(path))
        if options.sample and options.sample < len(todo):
            todo = random.Random(options.seed).sample(todo, options.sample)
        left = survivors(todo, recorded, options)
        for mutant in left:
            print(diff(mutant))
        killed = len(todo) - len(left)
        share = f"{100 * killed / len(todo):.1f} %"
        print(f"{path}: {killed} of {len(todo)} killed, {share}", flush=True)


if __name__ == "__main__":
    main()
