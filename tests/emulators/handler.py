"""A handler of custom resources, for tests: it notes every request in a file and answers as `Mode` says."""

import json
import os
import time
import urllib.request

NOTES = os.environ["NOTES"]


def put(event, text):
    headers = {"content-type": ""}
    request = urllib.request.Request(
        event["ResponseURL"], data=text.encode(), method="PUT", headers=headers
    )
    urllib.request.urlopen(request).read()


def handler(event, context):
    if "Records" in event:
        event = json.loads(event["Records"][0]["Sns"]["Message"])
    noted = {name: value for name, value in event.items() if name != "ResponseURL"}
    with open(NOTES, "a") as notes:
        notes.write(json.dumps(noted) + "\n")
    properties = event["ResourceProperties"]
    mode, name = properties.get("Mode", ""), properties.get("Name", "unnamed")
    is_create = event["RequestType"] == "Create"
    print("handling", event["RequestType"], "of", name, event["RequestId"])
    response = {
        "Status": "SUCCESS",
        "PhysicalResourceId": f"thing-{name}",
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "Data": {"Value": f"value of {name}", "Number": 7},
    }
    if not is_create and mode != "fails-always":
        return put(event, json.dumps(response))
    if mode == "other-request":
        response["RequestId"] = "another"
    elif mode == "too-long":
        response["Data"]["Value"] = "x" * 5000
    elif mode == "no-reason":
        response["Status"] = "FAILED"
    elif mode == "fails":
        response.update(Status="FAILED", Reason="the thing is broken")
    elif mode == "no-physical-id":
        del response["PhysicalResourceId"]
    elif mode == "late":
        time.sleep(3)
    if mode == "silent":
        return None
    if mode == "not-json":
        return put(event, "<html>")
    put(event, json.dumps(response))
    if mode == "twice":
        response["Data"]["Value"] = "the second"
        put(event, json.dumps(response))
