"""Checks that a serverless template gives the access that AWS's own translator makes of it.

    serverless.py [--count N] [--seed S]

The program reads each made-up template twice: as it is, and as the translator writes it. Both must
give the same report, and neither may be broader than the other. The translator puts a hash behind
the logical ID of a layer, which is taken away again.
"""

import copy
import json
import logging
import os
import random
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from samtranslator.translator.transform import transform

from tests.shared.checks import STATE, abreast, count, differences, finish, layershare, sample_of

Json = dict[str, Any]

TEAM = "arn:aws:lambda:*:222222222222:layer:*:*"
ATTACH = ["lambda:CreateFunction", "lambda:UpdateFunctionConfiguration"]
NAMES = [
    "AWSLambda_FullAccess",
    "AWSLambda_ReadOnlyAccess",
    "AdministratorAccess",
    "AmazonS3ReadOnlyAccess",
    "PowerUserAccess",
    "AWSLambdaVPCAccessExecutionRole",
    "arn:aws:iam::aws:policy/AdministratorAccess",
    "arn:aws:iam::111111111111:policy/theirs",
]
TEMPLATES: list[Json] = [
    {"S3ReadPolicy": {"BucketName": "archives"}},
    {"SQSPollerPolicy": {"QueueName": "orders"}},
    {"LambdaInvokePolicy": {"FunctionName": "orders"}},
    {"DynamoDBCrudPolicy": {"TableName": "orders"}},
    {"SSMParameterReadPolicy": {"ParameterName": "orders"}},
]
BOUNDARY = {"Ref": "Fence"}
NO_VALUE = {"Ref": "AWS::NoValue"}
CODE = {"CodeUri": "s3://archives/code.zip", "Handler": "main.run", "Runtime": "python3.13"}


class NoManagedPolicies:
    """Where the translator would ask IAM for the ARNs of managed policies that it does not know."""

    def load(self) -> dict[str, str]:
        return {}


def document(rng: random.Random) -> Json:
    """A policy document about layers, which allows or denies."""
    allow = {"Effect": "Allow", "Action": ATTACH, "Resource": "*"}
    statements: list[Json] = rng.choice(
        [
            [{**allow, "Condition": {"ForAllValues:StringLike": {"lambda:Layer": TEAM}}}],
            [{"Effect": "Allow", "Action": "lambda:*", "Resource": "*"}],
            [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}],
            [
                {
                    **allow,
                    "Effect": "Deny",
                    "Condition": {"ForAnyValue:StringNotLike": {"lambda:Layer": TEAM}},
                }
            ],
        ]
    )
    read = {"Effect": "Allow", "Action": "lambda:GetLayerVersion", "Resource": TEAM}
    reading = [read] if rng.random() < 0.5 else []
    return {"Version": "2012-10-17", "Statement": [*statements, *reading]}


def policy(rng: random.Random) -> object:
    """A policy of a function, of each kind."""
    match rng.randrange(8):
        case 0 | 1:
            return rng.choice(NAMES)
        case 2 | 3:
            return document(rng)
        case 4:
            return rng.choice(TEMPLATES)
        case 5:
            return {"Ref": "Managed"}
        case 6:
            return {
                "Fn::If": ["IsLive", rng.choice(NAMES), rng.choice([NO_VALUE, rng.choice(NAMES)])]
            }
    return {"Fn::If": ["IsLive", document(rng), rng.choice([NO_VALUE, document(rng)])]}


def policies(rng: random.Random) -> object:
    many = [policy(rng) for _ in range(rng.randint(1, 4))]
    return many[0] if len(many) == 1 and rng.random() < 0.5 else many


def function(rng: random.Random) -> Json:
    properties: Json = dict(CODE)
    if rng.random() < 0.8:
        properties["Policies"] = policies(rng)
    if rng.random() < 0.3:
        own = {"Fn::GetAtt": ["Own", "Arn"]}
        choices: list[object] = [own, "arn:aws:iam::111111111111:role/theirs"]
        choices += [{"Fn::If": ["IsLive", own, NO_VALUE]}, {"Fn::If": ["IsLive", NO_VALUE, own]}]
        properties["Role"] = rng.choice(choices)
    if rng.random() < 0.3:
        properties["PermissionsBoundary"] = rng.choice(
            [
                BOUNDARY,
                "arn:aws:iam::111111111111:policy/fence",
                {"Fn::If": ["IsLive", BOUNDARY, NO_VALUE]},
            ]
        )
    if rng.random() < 0.2:
        properties["Tracing"] = "Active"
    if rng.random() < 0.2:
        properties["VpcConfig"] = {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"]}
    if rng.random() < 0.2:
        trusted = {
            "Effect": "Allow",
            "Principal": {"AWS": "222222222222"},
            "Action": "sts:AssumeRole",
        }
        properties["AssumeRolePolicyDocument"] = {"Version": "2012-10-17", "Statement": [trusted]}
    made: Json = {"Type": "AWS::Serverless::Function", "Properties": properties}
    if rng.random() < 0.2:
        made["Condition"] = "IsLive"
    return made


def state_machine(rng: random.Random) -> Json:
    properties: Json = {"DefinitionUri": "s3://archives/states.json"}
    if rng.random() < 0.7:
        properties["Policies"] = policies(rng)
    else:
        properties["Role"] = {"Fn::GetAtt": ["Own", "Arn"]}
    if rng.random() < 0.3:
        properties["PermissionsBoundary"] = BOUNDARY
    return {"Type": "AWS::Serverless::StateMachine", "Properties": properties}


def layer(rng: random.Random) -> Json:
    properties: Json = {"ContentUri": "s3://archives/layer.zip"}
    if rng.random() < 0.5:
        properties["LayerName"] = rng.choice(["deps", "tools"])
    if rng.random() < 0.5:
        properties["RetentionPolicy"] = rng.choice(["Retain", "Delete"])
    made: Json = {"Type": "AWS::Serverless::LayerVersion", "Properties": properties}
    if rng.random() < 0.2:
        made["Condition"] = "IsLive"
    return made


def grant(rng: random.Random, name: str) -> Json:
    who: Json = rng.choice(
        [
            {"Principal": "222222222222"},
            {"Principal": "*"},
            {"Principal": "*", "OrganizationId": "o-a1b2c3d4e5"},
            {"Principal": "*", "OrganizationId": {"Fn::If": ["IsLive", "o-a1b2c3d4e5", NO_VALUE]}},
        ]
    )
    properties = {"Action": "lambda:GetLayerVersion", "LayerVersionArn": {"Ref": name}, **who}
    return {"Type": "AWS::Lambda::LayerVersionPermission", "Properties": properties}


def made_template(rng: random.Random) -> Json:
    resources: Json = {}
    for at in range(rng.randint(0, 2)):
        resources[f"Layer{'AB'[at]}"] = layer(rng)
        resources[f"Grant{at}"] = grant(rng, f"Layer{'AB'[at]}")
    for at in range(rng.randint(1, 3)):
        resources[f"Function{'ABC'[at]}"] = function(rng)
    if rng.random() < 0.4:
        resources["Machine"] = state_machine(rng)
    full = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    denied = {"ForAnyValue:StringNotLike": {"lambda:Layer": TEAM}}
    fence = [full, {"Effect": "Deny", "Action": ATTACH, "Resource": "*", "Condition": denied}]
    resources["Fence"] = managed({"Version": "2012-10-17", "Statement": fence})
    resources["Managed"] = managed(document(rng))
    trusted = {
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    trust = {"Version": "2012-10-17", "Statement": [trusted]}
    resources["Own"] = {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}}
    made: Json = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Stage": {"Type": "String"}},
        "Conditions": {"IsLive": {"Fn::Equals": [{"Ref": "Stage"}, "live"]}},
        "Resources": resources,
    }
    shared: Json = {}
    if rng.random() < 0.3:
        shared["PermissionsBoundary"] = BOUNDARY
    if rng.random() < 0.2:
        shared["Tracing"] = "Active"
    if rng.random() < 0.2:
        shared["RolePath"] = "/functions/"
    if rng.random() < 0.2:
        shared["VpcConfig"] = {"SecurityGroupIds": ["sg-2"], "SubnetIds": ["subnet-2"]}
    if shared:
        made["Globals"] = {"Function": shared}
        for resource in resources.values():
            if resource["Type"] == "AWS::Serverless::Function" and rng.random() < 0.3:
                some = rng.sample(list(shared), rng.randint(1, len(shared)))
                resource["IgnoreGlobals"] = rng.choice(["*", some])
    return made


def managed(policy: Json) -> Json:
    return {"Type": "AWS::IAM::ManagedPolicy", "Properties": {"PolicyDocument": policy}}


def translated(template: Json) -> Json:
    """What the translator makes of it, with the layers' own logical IDs."""
    made = transform(copy.deepcopy(template), {}, NoManagedPolicies())
    text = json.dumps(made)
    for name, resource in made["Resources"].items():
        if resource["Type"] == "AWS::Lambda::LayerVersion":
            [own] = [known for known in template["Resources"] if name.startswith(known)]
            text = text.replace(name, own)
    found: Json = json.loads(text)
    return found


def report(path: Path) -> Json:
    """What `access` says. The order of the parts is that of the template."""
    done = layershare("access", path, "--format", "json")
    if done.returncode != 0:
        raise ValueError(done.stderr)
    said = json.loads(done.stdout)
    return {
        "versions": {version["id"]: version for version in said["versions"]},
        "attach": {f"{part['subject']} {part['verb']}": part for part in said["attach"]},
        "not_read": sorted(map(str, said["not_read"])),
    }


def faults_of(place: Path, job: tuple[int, Json, Json]) -> list[str]:
    number, template, plain = job
    paths = []
    for name, value in [("serverless", template), ("plain", plain)]:
        path = place / f"{number}-{name}.json"
        path.write_text(json.dumps(value))
        paths.append(path)
    try:
        faults = list(differences(report(paths[1]), report(paths[0])))
    except ValueError as problem:
        faults = [str(problem)]
    for old, new in [paths, paths[::-1]]:
        done = layershare("diff", old, new, "--fail-on", "broader")
        if done.returncode != 0:
            faults.append(f"from {old.stem} to {new.stem}: {done.stdout}{done.stderr}")
    return [f"{fault}, in {json.dumps(template)}" for fault in faults]


def main() -> int:
    logging.disable(
        logging.WARNING
    )  # The translator misses the service that it sends its metrics to.
    # The translator asks for the partition of a region, and for nothing of AWS.
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    options = sample_of("serverless", 300)
    rng = random.Random(options.seed)
    templates = [made_template(rng) for _ in range(options.count)]
    jobs = [(at, template, translated(template)) for at, template in enumerate(templates)]
    STATE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="serverless-", dir=STATE) as place:
        found = list(abreast(partial(faults_of, Path(place)), jobs))
    faults = [fault for faults in found for fault in faults]
    success = f"{count(len(jobs), 'template')} as the translator makes them, seed {options.seed}"
    return finish("serverless", faults, success)


if __name__ == "__main__":
    sys.exit(main())
