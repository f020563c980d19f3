"""The packages that the program is linked from, for a target: what `cargo tree` resolves for the
program alone, so that neither tests nor other members of the workspace add to it."""
import dataclasses
import json
import pathlib
import re
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PACKAGE = "rstack-cli"


@dataclasses.dataclass
class Package:
    name: str
    version: str
    licence: str
    repository: str
    folder: pathlib.Path
    checksum: str  # SHA-256 of the registry's archive; empty for members of the workspace
    member: bool
    needs: set  # keys

    @property
    def key(self):
        return f"{self.name}@{self.version}"


def output(command):
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def expression(licence):
    """The SPDX expression; older manifests separate licences by slashes."""
    return re.sub(r"\s*/\s*", " OR ", licence or "")


def resolved(target, features):
    """For each package the keys of those that it is linked from: macros and what they need included."""
    lines = output(["cargo", "tree", "--locked", "--package", PACKAGE, "--target", target, *features,
                    "--edges", "normal", "--prefix", "depth", "--charset", "ascii"]).splitlines()
    needs, path = {}, []
    for line in lines:
        depth, name, version = re.match(r"(\d+)(\S+) v(\S+)", line).groups()
        key = f"{name}@{version}"
        del path[int(depth):]
        if path:
            needs[path[-1]].add(key)
        needs.setdefault(key, set())
        path.append(key)
    return needs


def packages(target, features=()):
    """The packages by key, the program first."""
    needs = resolved(target, features)
    metadata = json.loads(output(["cargo", "metadata", "--locked", "--format-version", "1",
                                  "--filter-platform", target]))
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    checksums = {f"{one['name']}@{one['version']}": one.get("checksum", "") for one in lock["package"]}
    found = {}
    for one in metadata["packages"]:
        key = f"{one['name']}@{one['version']}"
        if key in needs:
            found[key] = Package(
                one["name"], one["version"], expression(one["license"]), one["repository"] or "",
                pathlib.Path(one["manifest_path"]).parent, checksums[key], one["source"] is None, needs[key])
    absent = needs.keys() - found.keys()
    if absent:
        raise SystemExit(f"cargo metadata does not know {sorted(absent)}")
    return {key: found[key] for key in needs}
