#!/usr/bin/env python3
"""The house rules as a test: who may include whom, what ARCHITECTURE.md claims, names, sizes and format.

Run from anywhere; prints one line a violation and `N passed, N failed`.
"""
import doctest
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Layer (folder) -> layers that it may include. A layer may always include itself.
MAY_INCLUDE = {
    "base": [],
    "platform": ["base"],
    "kube": ["base", "platform"],
    "operator/resource": ["base"],
    "operator/desired": ["base", "operator/resource"],
    "operator/control": ["base", "platform", "kube", "operator/resource", "operator/desired"],
    "operator": ["base", "platform", "kube", "operator/control"],
    "worker/include": ["base"],
    "worker/term": ["base", "worker/include"],
    "worker/behaviour": ["base", "worker/include"],
    "worker/module": ["base", "worker/include", "worker/term"],
    "worker/process": ["base", "worker/include", "worker/term"],
    "worker/supervision": ["base", "worker/include", "worker/term", "worker/process"],
    "worker/run": ["base", "platform", "worker/include", "worker/term", "worker/process", "worker/supervision"],
    "worker/testkit": ["base", "worker/include", "worker/term", "worker/process", "worker/supervision"],
    "worker/distribution": ["base", "worker/include", "worker/term", "worker/process"],
    "worker/node": ["base", "platform", "kube", "worker/include", "worker/term", "worker/process",
                    "worker/supervision", "worker/distribution"],
    "worker": ["base", "platform", "kube", "worker/include", "worker/node"],
    "local/api": ["base", "platform"],
    "local/pod_runner": ["base", "platform", "kube"],
    "local": ["base", "platform", "kube", "local/api", "local/pod_runner"],
    "examples": ["worker/include"],
}
# Layers whose job is threads and system calls; everyone else goes through platform/.
SYSCALL_LAYERS = {"platform", "worker/process"}
SYSCALL_HEADERS = re.compile(r"<(unistd\.h|fcntl\.h|sys/[a-z_]+\.h|poll\.h|pthread\.h|netinet/.*|arpa/.*|dlfcn\.h|sched\.h)>")
HEAVY_HEADERS = re.compile(r"<(cpprest/.*|boost/.*|nlohmann/json\.hpp|spdlog/.*|yaml-cpp/.*)>")
FORBIDDEN_NAMES = {"util", "utils", "common", "helper", "helpers", "manager", "detail", "details", "misc"}
SOURCE_SUFFIXES = {".cpp", ".hpp", ".h"}
FILE_LINES_MAX = 600


def tracked_files():
    listing = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, check=True,
                             capture_output=True, text=True).stdout
    return [path for path in listing.splitlines() if (ROOT / path).is_file()]


def layer_of(path):
    """The most specific layer that holds the path; None outside the product."""
    parts = pathlib.PurePosixPath(path).parts
    for length in range(len(parts) - 1, 0, -1):
        name = "/".join(parts[:length])
        if name in MAY_INCLUDE:
            return name
    return None


def layer_of_include(included):
    if included.startswith("troupe/"):
        return "worker/include"
    return layer_of(included)


def includes_of(path):
    for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
        match = re.match(r'\s*#\s*include\s+(["<][^">]+[">])', line)
        if match:
            yield number, match.group(1)


def check_includes(sources):
    for path in sources:
        layer = layer_of(path)
        if layer is None:
            continue
        allowed = set(MAY_INCLUDE[layer]) | {layer}
        for number, included in includes_of(path):
            target = layer_of_include(included.strip('"<>'))
            if target is not None and target not in allowed:
                yield f"{path}:{number}: {layer} may not include {target} ({included})"
            if SYSCALL_HEADERS.match(included) and layer not in SYSCALL_LAYERS:
                yield f"{path}:{number}: system calls belong in platform/ ({included})"


def check_heavy_headers(sources):
    """cpprestsdk, Boost and the like reach no other layer: a header that includes them is included in its own folder alone."""
    heavy = {}
    for path in sources:
        if path.endswith(".hpp") and layer_of(path):
            heavy.update({path: included for _, included in includes_of(path) if HEAVY_HEADERS.match(included)})
    for path in sources:
        for number, included in includes_of(path):
            header = included.strip('"')
            if header in heavy and layer_of(path) not in (None, layer_of(header)):
                yield f"{path}:{number}: {header} brings {heavy[header]} into another layer"


def folders_with_sources(sources):
    return {layer for layer in map(layer_of, sources) if layer}


def check_architecture(sources):
    """Each row `| `folder/` | ... |` of the folder table names a folder that exists, and none is missing."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    listed = set(re.findall(r"^\|\s*`([a-z_/]+)/`\s*\|", text, re.M))
    for folder in sorted(listed):
        if not (ROOT / folder).is_dir():
            yield f"ARCHITECTURE.md: lists {folder}/, which does not exist"
    for folder in sorted(folders_with_sources(sources)):
        if folder not in listed:
            yield f"ARCHITECTURE.md: the folder table lacks {folder}/"
    for path in sorted({pathlib.PurePosixPath(p).parts[0] for p in tracked_files() if "/" in p}):
        if not path.startswith(".") and path not in listed:
            yield f"ARCHITECTURE.md: the folder table lacks {path}/"


def check_names(files):
    for path in files:
        for part in pathlib.PurePosixPath(path).parts:
            if part.split(".")[0] in FORBIDDEN_NAMES:
                yield f"{path}: {part} says nothing about what it holds"


def check_sizes(sources):
    for path in sources:
        lines = (ROOT / path).read_text().count("\n")
        if lines > FILE_LINES_MAX:
            yield f"{path}: {lines} lines; a file holds one idea in at most {FILE_LINES_MAX}"


def check_headers_start_with_words(sources):
    for path in sources:
        if path.endswith(".hpp") and layer_of(path) and not (ROOT / path).read_text().startswith("//"):
            yield f"{path}: a header starts with a comment that says what it is for"


def check_loops_over_temporaries(sources):
    """`for (x : *term.as_list())`: before C++23 the optional is gone before the loop begins."""
    loop = re.compile(r"for \([^;]*: \*[^;]*as_(?:list|tuple|map)\(\)\)")
    for path in sources:
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1):
            if loop.search(line):
                yield f"{path}:{number}: loops over a temporary; give it a name first"


def without_words(text):
    """The code without what stands in comments and literals; every line stays where it is."""
    words = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)
    return words.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def end_of_bracket(code, start):
    """Where the bracket that opens at `start` closes."""
    depth = 0
    for at in range(start, len(code)):
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        if depth == 0:
            return at
    return len(code)


def decides_a_ternary(code, at):
    """Whether what stands at `at` belongs to what a `?` asks for."""
    depth = 0
    while at < len(code):
        char = code[at]
        if char in ";{}" or (char == "," and depth <= 0):
            return False
        if char == "?" and depth <= 0:
            return True
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(char, 0)
        at += 1
    return False


def bare_awaits(text):
    """Lines whose condition holds a co_await that is given no name first.

    >>> bare_awaits("if (co_await ready()) {}")
    [1]
    >>> bare_awaits("x();\\nwhile (left > 0 &&\\n       !(co_await receive<Red>(1s))) {}")
    [3]
    >>> bare_awaits("for (int i = 0; co_await more(i); ++i) {}")
    [1]
    >>> bare_awaits("switch (co_await receive<Red, Blue>().index()) {}")
    [1]
    >>> bare_awaits("const int a = co_await ready() ? 1 : 2; g(f(co_await b()) == 3 ? 1 : 2);")
    [1, 1]
    >>> bare_awaits("if (const auto red = co_await receive<Red>(1s)) {}")
    []
    >>> bare_awaits("if (const auto red = co_await f(1s); red.ok()) {} else if (red = co_await g()) {}")
    [1]
    >>> bare_awaits("// if (co_await x)\\nlog(\\"if (co_await x)\\"); f(co_await a(), b ? 1 : 2); c ? co_await d() : 0;")
    []
    """
    code = without_words(text)
    named = re.compile(r"\s*(?:const\s+)?[\w:]+(?:<[^=]*>)?[\s&*]+\w+\s*=[^=]")
    found = []
    for condition in re.finditer(r"\b(if|while|switch|for)\s*(?:constexpr\s*)?\(", code):
        begin = condition.end()
        parts = code[begin:end_of_bracket(code, begin - 1)].split(";")
        asked = parts[1:2] if condition.group(1) == "for" else parts[-1:]
        for part in asked:
            if not named.match(part):
                start = begin + sum(len(before) + 1 for before in parts[:parts.index(part)])
                found += [start + one.start() for one in re.finditer(r"\bco_await\b", part)]
    found += [one.start() for one in re.finditer(r"\bco_await\b", code) if decides_a_ternary(code, one.end())]
    return [code.count("\n", 0, at) + 1 for at in sorted(set(found))]


def check_awaits_in_conditions(sources):
    """g++ 12 builds a broken coroutine from some of them, without a word: troupe/coroutine.hpp says when."""
    for path in sources:
        text = (ROOT / path).read_text()
        if "co_await" in text:
            for number in bare_awaits(text):
                yield f"{path}:{number}: a co_await in a condition; give what it yields a name first"


def check_examples():
    """What the functions here say of themselves."""
    results = doctest.testmod(sys.modules[__name__], report=False)
    if results.failed:
        yield f"{results.failed} of {results.attempted} examples in tests/tidy/tidy.py do not hold"


def check_nightly_has_one_reader(files):
    """scripts/test sets TROUPE_NIGHTLY=1; a test that asks only whether it is set takes "0" for night as well."""
    return [f"{path}: asks for TROUPE_NIGHTLY itself; take the seeds from tests/seeds.hpp"
            for path in files if path.endswith((".cpp", ".hpp")) and path != "tests/seeds.hpp"
            and 'getenv("TROUPE_NIGHTLY' in (ROOT / path).read_text()]


def check_format(sources):
    formatter = shutil.which("clang-format")
    if not formatter:
        yield "clang-format is not installed"
        return
    result = subprocess.run([formatter, "--dry-run", *sources], cwd=ROOT, capture_output=True, text=True)
    seen = set()
    for line in result.stderr.splitlines():
        match = re.match(r"([^:]+):\d+:\d+: warning: code should be clang-formatted", line)
        if match and match.group(1) not in seen:
            seen.add(match.group(1))
            yield f"{match.group(1)}: run clang-format -i"


def check_links(files):
    """Relative links of Markdown pages lead to files that exist."""
    for path in files:
        if not path.endswith(".md"):
            continue
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", (ROOT / path).read_text()):
            if "://" not in target and not (ROOT / path).parent.joinpath(target).exists():
                yield f"{path}: links to {target}, which does not exist"


def check_readme_code(_files):
    """What README shows of the example is still there, line for line and in order."""
    example = iter((ROOT / "examples/counter/counter.hpp").read_text().splitlines())
    for block in re.findall(r"```cpp\n(.*?)```", (ROOT / "README.md").read_text(), re.S):
        for line in filter(str.strip, block.splitlines()):
            if line not in example:  # moves the iterator past the line
                yield f"README.md: examples/counter/counter.hpp no longer holds (in this order): {line}"
                return


def main():
    files = tracked_files()
    sources = [p for p in files if pathlib.PurePosixPath(p).suffix in SOURCE_SUFFIXES]
    checks = {
        "layers include only what lies below them": check_includes(sources),
        "heavy headers stay in their folder": check_heavy_headers(sources),
        "ARCHITECTURE.md lists the folders that exist": check_architecture(sources),
        "names say what they hold": check_names(files),
        "files stay small": check_sizes(sources),
        "headers start with what they are for": check_headers_start_with_words(sources),
        "no loop runs over what is gone": check_loops_over_temporaries(sources),
        "no condition holds a bare co_await": check_awaits_in_conditions(sources),
        "examples in tidy.py hold": check_examples(),
        "tests/seeds.hpp alone knows day from night": check_nightly_has_one_reader(sources),
        "sources are formatted": check_format(sources),
        "links lead somewhere": check_links(files),
        "README's code is the example's": check_readme_code(files),
    }
    failed = 0
    for name, violations in checks.items():
        found = list(violations)
        failed += bool(found)
        print(f"{'FAILED' if found else 'ok    '} {name}")
        for violation in found:
            print(f"    {violation}")
    print(f"{len(checks) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
