"""Repositories of container images, stacks of another account, and a program that stands for Docker.

As a program it takes Docker's words: it logs in with the password that the registry gave, and puts a manifest
into the registry for an image that is pushed.
"""

import base64
import functools
import hashlib
import json
import pathlib
import sys

import boto3

client = functools.cache(boto3.client)


def repository(name):
    """Makes a repository; its address."""
    return client("ecr").create_repository(repositoryName=name)["repository"]["repositoryUri"]


def images(name):
    """The images of a repository: tag → digest of what was built."""
    found = client("ecr").batch_get_image(
        repositoryName=name,
        imageIds=client("ecr").list_images(repositoryName=name)["imageIds"],
    )
    return {
        image["imageId"]["imageTag"]: json.loads(image["imageManifest"])["config"]["digest"].removeprefix("sha256:")
        for image in found["images"]
    }


def stack_elsewhere(role, region, name, value):
    """Makes a stack with an output in the account of a role, by CloudFormation there."""
    assumed = client("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    there = boto3.client(
        "cloudformation",
        region_name=region,
        aws_access_key_id=assumed["AccessKeyId"],
        aws_secret_access_key=assumed["SecretAccessKey"],
        aws_session_token=assumed["SessionToken"],
    )
    template = {
        "Resources": {"Topic": {"Type": "AWS::SNS::Topic"}},
        "Outputs": {"Value": {"Value": value}},
    }
    there.create_stack(StackName=name, TemplateBody=json.dumps(template))
    there.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})


CALLS = (repository, images, stack_elsewhere)


def docker(words, notes):
    """Does what Docker is asked; what it was asked is noted."""
    with (notes / "calls").open("a") as calls:
        calls.write(" ".join(words) + "\n")
    if words[0] == "login":
        token = client("ecr").get_authorization_token()["authorizationData"][0]
        user, password = base64.b64decode(token["authorizationToken"]).decode().split(":", 1)
        given = words[words.index("--username") + 1], sys.stdin.read()
        if given != (user, password) or words[-1] != token["proxyEndpoint"]:
            sys.exit("denied")
        (notes / "logged-in").touch()
    elif words[0] == "build":
        digest = hashlib.sha256(pathlib.Path("Dockerfile").read_bytes()).hexdigest()
        (notes / "image").write_text(json.dumps({words[words.index("--tag") + 1]: digest}))
    elif words[0] == "tag":
        built = json.loads((notes / "image").read_text())
        (notes / "image").write_text(json.dumps({words[2]: built[words[1]]}))
    elif words[0] == "push":
        if not (notes / "logged-in").exists():
            sys.exit("no basic auth credentials")
        digest = json.loads((notes / "image").read_text())[words[1]]
        name, tag = words[1].split("/", 1)[1].rsplit(":", 1)
        kind = "application/vnd.docker.distribution.manifest.v2+json"
        config = {"mediaType": kind, "size": 0, "digest": f"sha256:{digest}"}
        manifest = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": []}
        client("ecr").put_image(
            repositoryName=name, imageTag=tag, imageManifest=json.dumps(manifest)
        )
    else:
        sys.exit(f"docker: '{words[0]}' is not a docker command")


if __name__ == "__main__":
    docker(sys.argv[2:], pathlib.Path(sys.argv[1]))
