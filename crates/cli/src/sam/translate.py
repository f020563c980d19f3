"""Runs AWS's translator of the Serverless Application Model, aws-sam-translator.

Standard input: {"version": …, "template": …, "transforms": […], "parameters": {…}, "secrets": […],
"region": …} as JSON. Standard output, one of:
{"template": …}, {"errors": [{"id": …, "message": …}]}, {"version": …} (another version than the wanted one),
{"absent": …} (no translator).
"""

import json
import os
import resource
import sys

LIMIT_BYTES = 2 << 30
LIMIT_SECONDS = 60
# No account is called: neither files of the user nor the machine give credentials.
NO_CREDENTIALS = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "BOTO_CONFIG": os.devnull,
}


def errors_of(error):
    causes = getattr(error, "causes", None) or [error]
    for cause in causes:
        yield {"id": getattr(cause, "_logical_id", None), "message": getattr(cause, "message", None) or str(cause)}


class NoPolicies:
    """The account is not asked: the policies that the translator brings with it are all there are."""

    def load(self):
        return {}


def secret_defaults(template, secrets):
    """Takes the defaults of secret parameters out, so that no value of one gets into the result."""
    taken = {}
    for name in secrets:
        parameter = template["Parameters"][name]
        if "Default" in parameter:
            taken[name] = parameter.pop("Default")
    return taken


def translated(request):
    os.environ.update(NO_CREDENTIALS, AWS_DEFAULT_REGION=request["region"])
    from botocore.exceptions import BotoCoreError
    from samtranslator import __version__
    from samtranslator.model.exceptions import ExceptionWithMessage
    from samtranslator.translator.transform import transform

    if __version__ != request["version"]:
        return {"version": __version__}
    template = request["template"]
    taken = secret_defaults(template, request["secrets"])
    try:
        result = transform(template, request["parameters"], NoPolicies())
    except ExceptionWithMessage as error:
        return {"errors": list(errors_of(error))}
    except BotoCoreError:
        message = "the template needs something that only an account knows"
        return {"errors": [{"id": None, "message": message}]}
    for name, default in taken.items():
        result["Parameters"][name]["Default"] = default
    result.pop("Transform", None)
    if request["transforms"]:
        result["Transform"] = request["transforms"]
    return {"template": result}


def main():
    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS))
    request = json.load(sys.stdin)
    try:
        answer = translated(request)
    except ImportError as error:
        answer = {"absent": str(error)}
    json.dump(answer, sys.stdout)


main()
