"""The software bill of materials of the program, as CycloneDX 1.6 JSON. The same sources give the same
document: its time is that of the commit, its serial number a digest of its content."""
import datetime
import hashlib
import json
import uuid

from . import dependencies


def component(package):
    one = {"type": "library", "bom-ref": package.key, "name": package.name, "version": package.version}
    if package.licence:
        one["licenses"] = [{"expression": package.licence}]
    if not package.member:
        one["purl"] = f"pkg:cargo/{package.name}@{package.version}"
        one["hashes"] = [{"alg": "SHA-256", "content": package.checksum}]
    if package.repository:
        one["externalReferences"] = [{"type": "vcs", "url": package.repository}]
    return one


def runtimes(target):
    """What is linked beside packages: Rust's standard library, and musl where the program is static."""
    version = dependencies.output(["rustc", "--version"]).split()[1]
    found = [{"type": "library", "bom-ref": f"rust-std@{version}", "name": "rust-std", "version": version,
              "licenses": [{"expression": "MIT OR Apache-2.0"}]}]
    if "musl" in target:
        found.append({"type": "library", "bom-ref": "musl", "name": "musl",
                      "licenses": [{"expression": "MIT"}]})
    return found


def sbom(target, version, seconds, features=()):
    packages = dependencies.packages(target, features)
    program, *others = packages.values()
    known = runtimes(target)
    needs = {package.key: sorted(package.needs) for package in packages.values()}
    needs[program.key] += [one["bom-ref"] for one in known]
    time = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    document = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {"type": "application", "bom-ref": program.key, "name": "rstack",
                          "version": version, "licenses": [{"expression": program.licence}]},
            "properties": [{"name": "rstack:target", "value": target}],
        },
        "components": [component(package) for package in others] + known,
        "dependencies": [{"ref": key, "dependsOn": on} for key, on in sorted(needs.items())],
    }
    digest = hashlib.sha256(json.dumps(document, sort_keys=True).encode()).digest()
    document["serialNumber"] = f"urn:uuid:{uuid.UUID(bytes=digest[:16], version=4)}"
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
