"""Sends the outcome of a custom resource to the stack that asked for it."""

import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    stream = context.log_stream_name
    outcome = {
        "Status": responseStatus,
        "Reason": reason or f"the log stream {stream} has the details",
        "PhysicalResourceId": physicalResourceId or stream,
        "StackId": event["StackId"],
        "RequestId": event["RequestId"],
        "LogicalResourceId": event["LogicalResourceId"],
        "NoEcho": noEcho,
        "Data": responseData,
    }
    request = urllib.request.Request(
        event["ResponseURL"],
        data=json.dumps(outcome).encode(),
        headers={"Content-Type": ""},
        method="PUT",
    )
    try:
        with urllib.request.urlopen(request) as answer:
            print("the outcome was sent:", answer.status)
    except Exception as error:
        print("the outcome could not be sent:", error)
