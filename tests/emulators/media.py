"""The media services: what is there, what is changed by hand, and their objects as CloudFormation has them."""

import functools

import boto3

client = functools.cache(boto3.client)


def there(found):
    """The names of objects that are not deleted: MediaLive goes on to list those that were."""
    return [it["Name"] for it in found if it["State"] not in ("DELETED", "DELETING")]


def media_ls():
    groups = client("mediapackagev2").list_channel_groups()["Items"]
    return {
        "flows": sorted(it["Name"] for it in client("mediaconnect").list_flows()["Flows"]),
        "inputs": there(client("medialive").list_inputs()["Inputs"]),
        "encoders": there(client("medialive").list_channels()["Channels"]),
        "channel groups": [it["ChannelGroupName"] for it in groups],
    }


def rename_encoder(channel, name):
    client("medialive").update_channel(ChannelId=channel, Name=name)


CALLS = (media_ls, rename_encoder)


def flow(arn, _):
    found = client("mediaconnect").describe_flow(FlowArn=arn)["Flow"]
    source = found["Source"]
    # The API has what is about the protocol apart, CloudFormation in the source.
    return {**found, "Source": {**source, **source.get("Transport", {})}}


def encoder(channel, _):
    return client("medialive").describe_channel(ChannelId=channel)


def live_input(identifier, _):
    return client("medialive").describe_input(InputId=identifier)


def channel_group(_, wanted):
    return client("mediapackagev2").get_channel_group(ChannelGroupName=wanted["ChannelGroupName"])


def channel_of_group(_, wanted):
    names = {name: wanted[name] for name in ("ChannelGroupName", "ChannelName")}
    return client("mediapackagev2").get_channel(**names)


READERS = {
    "AWS::MediaConnect::Flow": flow,
    "AWS::MediaLive::Channel": encoder,
    "AWS::MediaLive::Input": live_input,
    "AWS::MediaPackageV2::Channel": channel_of_group,
    "AWS::MediaPackageV2::ChannelGroup": channel_group,
}

# Where moto 5.2.1 keeps nothing of what it is given.
LIMITS = {
    ("AWS::MediaConnect::Flow", "Source.Protocol"): "not kept by moto",
    ("AWS::MediaConnect::Flow", "Source.MinLatency"): "not kept by moto",
}
