"""The licence texts of everything that the program is linked from, each text once."""
import re

from . import dependencies

# Files with a licence or a notice, at any depth: packages that bring C code have that code's texts.
NAMES = re.compile(r"(?i)^(licen[cs]e|copying|notice|unlicen[cs]e|copyright)([.\-_].*)?$")
SOURCES = {".rs", ".c", ".h", ".cc", ".cpp", ".py", ".go", ".pl", ".html", ".json", ".toml", ".rb"}
# Folders whose content is not linked.
NOT_LINKED = {"tests", "test", "benches", "examples", "fuzz", "node_modules", "target", ".git"}
# Texts for packages whose archive has none, by what their expression allows.
STANDARD = {"MIT": "MIT.txt", "BSD-2-Clause": "BSD-2-Clause.txt", "Apache-2.0": "Apache-2.0.txt"}


def texts(package):
    """The texts of a package."""
    found = []
    for path in sorted(package.folder.rglob("*")):
        parts = path.relative_to(package.folder).parts
        if NOT_LINKED.intersection(parts[:-1]) or not path.is_file():
            continue
        if NAMES.match(path.name) and path.suffix.lower() not in SOURCES:
            found.append(path.read_text(errors="replace").strip())
    return found or [standard(package)]


def standard(package):
    words = set(re.findall(r"[\w.\-]+", package.licence))
    for licence, file in STANDARD.items():
        if licence in words:
            text = (dependencies.ROOT / "packaging" / "licences" / file).read_text().strip()
            return f"(The package has no licence text; this is the standard text of {licence}.)\n\n{text}"
    raise SystemExit(f"{package.key}: no licence text, and none is known for `{package.licence}`")


def runtimes(target):
    folder = dependencies.ROOT / "packaging" / "licences"
    yield "Rust's standard library (MIT OR Apache-2.0)", (folder / "rust-std.txt").read_text().strip()
    if "musl" in target:
        yield "musl, the C library of the static binary (MIT)", (folder / "musl.txt").read_text().strip()
    for notice in sorted((dependencies.ROOT / "crates").glob("*/data/NOTICE.md")):
        name = notice.relative_to(dependencies.ROOT)
        yield f"Data that is embedded ({name})", notice.read_text().strip()


def notices(target, features=()):
    by_text = {}
    packages = [one for one in dependencies.packages(target, features).values() if not one.member]
    for package in sorted(packages, key=lambda one: one.key):
        for text in texts(package):
            by_text.setdefault(text, []).append(f"{package.name} {package.version} ({package.licence})")
    for name, text in runtimes(target):
        by_text.setdefault(text, []).append(name)
    out = ["Third-party notices of rstack\n",
           "rstack is linked from the packages below, and each is under the terms that follow it.\n"]
    for text, users in sorted(by_text.items(), key=lambda pair: pair[1]):
        out += ["=" * 80, *sorted(set(users)), "-" * 80, text, ""]
    return "\n".join(out)
