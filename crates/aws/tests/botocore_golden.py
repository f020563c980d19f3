"""Writes golden/*.json: requests, outputs and endpoints as botocore has them.

For every operation of the embedded service models there is a request with the required members
only and one with every member, as botocore serializes them, and an answer with every member, as
botocore parses it. Values are made from the shapes alone, so the same botocore gives the same
files. Endpoints are those of every Region and setting that botocore's own evaluation of the rule
sets has an answer to. functions.json has values of the functions of the rules' language.

    pip install botocore==1.43.127
    cargo xtask operations > operations.json
    python botocore_golden.py operations.json crates/aws/tests/golden
"""

import base64
import datetime
import json
import re
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from xml.sax.saxutils import escape

import botocore
from botocore.awsrequest import AWSRequest, prepare_request_dict
from botocore.endpoint_provider import EndpointProvider, RuleSetStandardLibrary
from botocore.exceptions import EndpointProviderError
from botocore.loaders import Loader
from botocore.model import ServiceModel
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

PINNED = "1.43.127"
# The shapes of bytes that are no text, by service (`binary` in service.yaml): the codec takes base64.
BINARY = {("lambda", "Blob")}
# Members that botocore adds to the models of services and takes itself.
OF_BOTOCORE = {"SourceRegion"}
# The service that is written last, and its protocol.
SERVICE = [""]
PROTOCOL = [""]
TIME = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.timezone.utc)
TIME_TEXT = "2026-01-02T03:04:05Z"


def value(shape, name, full, seen=()):
    """A value of a shape: (as the codec's JSON input has it, as botocore wants it)."""
    kind = shape.type_name
    if kind == "structure":
        if seen.count(shape.name) > 0:
            return {}, {}
        ours, theirs = {}, {}
        members = sorted(set(shape.members) - OF_BOTOCORE)
        if full and getattr(shape, "is_tagged_union", False):
            members = members[:1]
        for member in members:
            target = shape.members[member]
            token = target.metadata.get("idempotencyToken")
            if full or member in shape.required_members or token:
                if target.type_name == "structure" and target.name in seen + (shape.name,):
                    continue
                ours[member], theirs[member] = value(target, member, full, seen + (shape.name,))
        return ours, theirs
    if kind == "list":
        count = 2 if shape.member.type_name != "structure" else 1
        # In a form an element that says nothing is none, and no caller writes one.
        full |= PROTOCOL[-1] == "query" and shape.member.type_name == "structure"
        items = [value(shape.member, f"{name} {i}", full, seen) for i in range(count)]
        return [item[0] for item in items], [item[1] for item in items]
    if kind == "map":
        ours, theirs = {}, {}
        for key in ("key a", "key-b"):
            ours[key], theirs[key] = value(shape.value, f"{name} of {key}", full, seen)
        return ours, theirs
    if kind == "boolean":
        return True, True
    if kind in ("integer", "long"):
        return len(name), len(name)
    if kind in ("float", "double"):
        return len(name) + 0.5, len(name) + 0.5
    if kind == "timestamp":
        return TIME_TEXT, TIME
    if kind == "blob":
        given = f"blob <{name}>\n".encode()
        is_binary = (SERVICE[-1], shape.name) in BINARY
        return base64.b64encode(given).decode() if is_binary else given.decode(), given
    enum = shape.metadata.get("enum")
    text = enum[0] if enum else f"{name} ä&<\"x\">/+=%"
    return text, text


def ascii_labels(shape, ours, theirs):
    """HTTP headers hold no other characters."""
    for name, target in shape.members.items():
        if target.serialization.get("location") == "header" and isinstance(ours.get(name), str):
            ours[name] = theirs[name] = f"{name}-1"


def request(serializer, operation, full):
    shape = operation.input_shape
    ours, theirs = value(shape, operation.name, full) if shape else ({}, {})
    if shape:
        ascii_labels(shape, ours, theirs)
    prepared = serializer.serialize_to_request(theirs, operation)
    prepare_request_dict(prepared, endpoint_url="https://service.example")
    sent = AWSRequest(
        method=prepared["method"],
        url=prepared["url"],
        data=prepared["body"],
        headers=prepared["headers"],
    ).prepare()
    body = sent.body or b""
    if isinstance(body, bytes):
        body = body.decode()
    if body.startswith("<"):
        body = ElementTree.canonicalize(body)
    kept = {}
    for key, text in sorted(sent.headers.items()):
        key = key.lower()
        text = text.decode() if isinstance(text, bytes) else text
        if key not in ("content-length", "user-agent", "content-type") or (
            key == "content-type" and body
        ):
            kept[key] = text
    return {
        "operation": operation.name,
        "input": ours,
        "method": sent.method,
        "uri": sent.url.removeprefix("https://service.example"),
        "headers": kept,
        "body": body,
    }


def wire_name(shape, name):
    return shape.serialization.get("name", name)


def wire_time(shape, default):
    style = shape.serialization.get("timestampFormat", default)
    if style == "iso8601":
        return TIME_TEXT
    if style == "rfc822":
        return "Fri, 02 Jan 2026 03:04:05 GMT"
    return int(TIME.timestamp())


def to_json(shape, given):
    kind = shape.type_name
    if kind == "structure":
        members = {n: s for n, s in shape.members.items() if n in given}
        return {
            wire_name(s, n): to_json(s, given[n])
            for n, s in members.items()
            if "location" not in s.serialization
        }
    if kind == "list":
        return [to_json(shape.member, item) for item in given]
    if kind == "map":
        return {key: to_json(shape.value, item) for key, item in given.items()}
    if kind == "timestamp":
        return wire_time(shape, "unixTimestamp")
    if kind == "blob":
        return base64.b64encode(given).decode()
    return given


def to_xml(shape, name, given):
    kind, attributes = shape.type_name, ""
    if kind == "structure":
        inner = "".join(
            to_xml(s, wire_name(s, n), given[n])
            for n, s in shape.members.items()
            if n in given and not {"location", "xmlAttribute"} & set(s.serialization)
        )
        attributes = "".join(
            f' {wire_name(s, n)}="{escape(str(given[n]))}"'
            for n, s in shape.members.items()
            if n in given and "xmlAttribute" in s.serialization
        )
        space = shape.serialization.get("xmlNamespace", {})
        if attributes and "prefix" in space:
            attributes = f' xmlns:{space["prefix"]}="{space["uri"]}"{attributes}'
    elif kind == "list":
        flat = shape.serialization.get("flattened")
        element = name if flat else shape.member.serialization.get("name", "member")
        inner = "".join(to_xml(shape.member, element, item) for item in given)
        if flat:
            return inner
    elif kind == "map":
        key = shape.key.serialization.get("name", "key")
        val = shape.value.serialization.get("name", "value")
        inner = "".join(
            f"<entry><{key}>{escape(k)}</{key}>{to_xml(shape.value, val, v)}</entry>"
            for k, v in given.items()
        )
    elif kind == "boolean":
        inner = "true" if given else "false"
    elif kind == "timestamp":
        inner = str(wire_time(shape, "iso8601"))
    elif kind == "blob":
        inner = base64.b64encode(given).decode()
    else:
        inner = escape(str(given))
    return f"<{name}{attributes}>{inner}</{name}>"


def plain(parsed):
    if isinstance(parsed, dict):
        return {k: plain(v) for k, v in parsed.items() if k != "ResponseMetadata"}
    if isinstance(parsed, list):
        return [plain(item) for item in parsed]
    if isinstance(parsed, datetime.datetime):
        return parsed.astimezone(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    if isinstance(parsed, bytes):
        return parsed.decode()
    return parsed


def answer(model, protocol, parser, operation):
    shape = operation.output_shape
    if shape is None:
        return None
    ours, theirs = value(shape, operation.name, True)
    ascii_labels(shape, ours, theirs)
    headers = {
        wire_name(s, n): str(ours[n]).lower() if isinstance(ours[n], bool) else str(theirs[n])
        for n, s in shape.members.items()
        if s.serialization.get("location") == "header"
    }
    payload = shape.serialization.get("payload")
    if payload and shape.members[payload].type_name == "blob":
        body = theirs[payload].decode()
    elif protocol in ("json", "rest-json"):
        target = shape.members[payload] if payload else shape
        given = theirs[payload] if payload else theirs
        body = json.dumps(to_json(target, given), ensure_ascii=False)
    elif protocol == "rest-xml":
        target = shape.members[payload] if payload else shape
        given = theirs[payload] if payload else theirs
        body = '<?xml version="1.0"?>' + to_xml(target, target.serialization.get("name", target.name), given)
    elif protocol == "ec2":
        inner = to_xml(shape, f"{operation.name}Response", theirs)
        body = inner.replace("<", f'<?xml version="1.0"?><', 1)
    else:
        inner = to_xml(shape, f"{operation.name}Result", theirs)
        space = model.metadata["xmlNamespace"]
        body = (
            f'<{operation.name}Response xmlns="{space}">{inner}'
            f"<ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></{operation.name}Response>"
        )
    parsed = parser.parse({"status_code": 200, "headers": headers, "body": body.encode()}, shape)
    output = plain(parsed)
    # botocore makes a text of such a body.
    if payload and (SERVICE[-1], shape.members[payload].name) in BINARY:
        output[payload] = base64.b64encode(output[payload].encode()).decode()
    return {"operation": operation.name, "headers": headers, "body": body, "output": output}


def endpoints(loader, name, version, partitions):
    """What the rule set of a service says of every Region with every setting."""
    provider = EndpointProvider(loader.load_service_model(name, "endpoint-rule-set-1", version), partitions)
    regions = [None, "nowhere", "eu-future-9", "cn-future-9", "us-gov-future-9"]
    for partition in partitions["partitions"]:
        regions.extend(sorted(partition["regions"]))
    rows = []
    for region in regions:
        for url in (None, "http://127.0.0.1:4566"):
            for fips in (False, True):
                for dual_stack in (False, True):
                    given = {"UseFIPS": fips, "UseDualStack": dual_stack, "Region": region, "Endpoint": url}
                    known = {k: v for k, v in given.items() if v is not None and k in provider.ruleset.parameters}
                    row = {"region": region, "fips": fips, "dualStack": dual_stack, "endpoint": url}
                    try:
                        found = provider.resolve_endpoint(**known)
                        row["url"] = found.url
                        row["properties"] = found.properties
                    except EndpointProviderError as error:
                        row["refused"] = str(error)
                    if url is None or region in (None, "eu-west-1"):
                        rows.append(row)
    return rows


def functions(partitions):
    """Values of the functions of the language, as botocore has them."""
    library = RuleSetStandardLibrary(partitions)
    urls = [
        "https://example.com", "https://example.com/", "http://127.0.0.1:4566/a/b", "https://[::1]:80/x/",
        "https://example.com:99999", "ftp://example.com", "https://example.com?x=1", "example.com", "https://h:x",
    ]
    labels = ["a", "", "-a", "a-", "a.b", "A9-z", "a_b", "x" * 63, "x" * 64, "a..b"]
    arns = [
        "arn:aws:s3:eu-west-1:111122223333:bucket/key", "arn:aws:sns:::a:b/c", "arn:aws:s3:::", "arn:aws", "x:aws:s3:::b",
        "arn::s3:::b", "arn:aws:s3:::b",
    ]
    calls = [("parseURL", [url]) for url in urls]
    calls += [("isValidHostLabel", [label, dots]) for label in labels for dots in (False, True)]
    calls += [("aws.parseArn", [arn]) for arn in arns]
    calls += [("uriEncode", [text]) for text in ("", "a-._~b", "a b/ä%", "+&=")]
    calls += [
        ("substring", [text, start, stop, reverse])
        for text in ("abcdefg", "", "abä", "abc")
        for start, stop in ((0, 3), (2, 4), (3, 3), (0, 7), (4, 2))
        for reverse in (False, True)
    ]
    calls += [("aws.partition", [region]) for region in ("eu-west-1", "cn-north-1", "us-gov-east-1", "eu-new-7", "x")]
    arn = library.aws_parse_arn(arns[0])
    calls += [("getAttr", [arn, path]) for path in ("resourceId[0]", "resourceId[1]", "resourceId[2]", "service")]
    calls += [("booleanEquals", [True, False]), ("booleanEquals", [True, True])]
    calls += [("stringEquals", ["a", "a"]), ("stringEquals", ["a", "A"])]
    calls += [("not", [True]), ("not", [False]), ("isSet", ["x"]), ("isSet", [None])]
    return [
        {"function": name, "arguments": arguments, "value": library.call_function({"fn": name, "argv": arguments}, {})}
        for name, arguments in calls
    ]


def lines(rows):
    return ",\n".join(json.dumps(row, ensure_ascii=False, sort_keys=True) for row in rows)


def main(operations_json, output):
    if botocore.__version__ != PINNED:
        sys.exit(f"botocore {PINNED} is wanted, this is {botocore.__version__}")
    loader = Loader()
    partitions = loader.load_data("partitions")
    Path(output, "functions.json").write_text(f"[\n{lines(functions(partitions))}\n]\n")
    for service, row in json.loads(Path(operations_json).read_text()).items():
        name, version, protocol = row["botocore"], row["version"], row["protocol"]
        SERVICE.append(name)
        PROTOCOL.append(protocol)
        model = ServiceModel(loader.load_service_model(name, "service-2", version), name)
        serializer = create_serializer(protocol, include_validation=False)
        parser = create_parser(protocol)
        requests, answers = [], []
        for operation_name in row["operations"]:
            operation = model.operation_model(operation_name)
            small, large = request(serializer, operation, False), request(serializer, operation, True)
            requests.extend([small] if small == large else [small, large])
            answers.extend(filter(None, [answer(model, protocol, parser, operation)]))
        found = endpoints(loader, name, version, partitions)
        text = f'{{"requests":[\n{lines(requests)}\n],"answers":[\n{lines(answers)}\n],"endpoints":[\n{lines(found)}\n]}}\n'
        Path(output, f"{service}.json").write_text(text)


main(*sys.argv[1:])
