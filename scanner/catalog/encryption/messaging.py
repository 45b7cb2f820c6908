"""Where queues, topics, brokers, event buses and workflows name their keys."""

from __future__ import annotations

from msgspec.structs import replace

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    NOT_NAMED,
    UNENCRYPTED,
    Api,
    At,
    Attribute,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    Silence,
    aws_managed,
    one_key,
    switch,
    tag_call,
)


def _sqs(path: str, missing: Silence | None = None) -> Flag:
    """SSE-SQS is off where a KMS key is named: the flag speaks only of queues without one."""
    return Flag(path, {True: AWS_OWNED, False: UNENCRYPTED}, missing, yields=True)


QUEUE = EncryptedType(
    "AWS::SQS::Queue",
    Api(
        "sqs",
        (Call("ListQueues", "QueueUrls[].{QueueUrl: @}"),),
        arn="arn:{partition}:sqs:{region}:{account}:{name}",
        name="QueueUrl",
        created="Attributes.CreatedTimestamp",
        tags="TagMap",
        details=(
            Call("GetQueueAttributes", given={"QueueUrl": "QueueUrl"}, fixed={"AttributeNames": ["All"]}),
            Call("ListQueueTags", "Tags", given={"QueueUrl": "QueueUrl"}, into="TagMap"),
        ),
    ),
    keys=(
        KeyField(
            "storage",
            "Attributes.KmsMasterKeyId",
            _sqs("Attributes.SqsManagedSseEnabled"),
            terraform=(
                # SSE-SQS is the default of new queues when neither is written (SQS developer guide, "Data encryption").
                At(
                    "aws_sqs_queue",
                    "kms_master_key_id",
                    _sqs("sqs_managed_sse_enabled", missing=AWS_OWNED),
                ),
            ),
        ),
    ),
    terraform={"aws_sqs_queue": "name"},
)

TOPIC = one_key(
    "AWS::SNS::Topic",
    Api(
        "sns",
        (Call("ListTopics", "Topics"),),
        "TopicArn",
        "TopicArn",
        details=(Call("GetTopicAttributes", given={"TopicArn": "TopicArn"}), tag_call("ResourceArn", "Tags")),
        tags="TagList",
    ),
    "Attributes.KmsMasterKeyId",
    UNENCRYPTED,  # no server-side encryption in the sense of SNS, whatever its disks do
    At("aws_sns_topic", "kms_master_key_id"),
)

_BROKER = "encryption_options.use_aws_owned_key"
BROKER = one_key(
    "AWS::AmazonMQ::Broker",
    Api(
        "mq",
        (Call("ListBrokers", "BrokerSummaries"),),
        "BrokerArn",
        "BrokerName",
        details=(Call("DescribeBroker", given={"BrokerId": "BrokerId"}),),
        tags="Tags",
        created="Created",
    ),
    "EncryptionOptions.KmsKeyId",
    switch("EncryptionOptions.UseAwsOwnedKey", AWS_OWNED, missing=AWS_OWNED, off=aws_managed("mq")),
    At(
        "aws_mq_broker",
        "encryption_options.kms_key_id",
        switch(_BROKER, AWS_OWNED, missing=AWS_OWNED, off=aws_managed("mq")),
    ),
    "broker_name",
)

_TYPES = {"AWS_OWNED_KEY": AWS_OWNED, "CUSTOMER_MANAGED_KMS_KEY": NOT_NAMED}


def _step(kind: str, listed: str, operation: str, terraform: str) -> EncryptedType:
    arn = f"{kind}Arn"
    return one_key(
        f"AWS::StepFunctions::{kind[0].upper()}{kind[1:]}",
        Api(
            "stepfunctions",
            (Call(f"List{listed[0].upper()}{listed[1:]}", listed),),
            arn,
            "name",
            details=(Call(operation, given={arn: arn}), tag_call("resourceArn")),
            tags="TagList",
            created="creationDate",
        ),
        "encryptionConfiguration.kmsKeyId",
        Flag("encryptionConfiguration.type", _TYPES, missing=AWS_OWNED),
        At(
            terraform,
            "encryption_configuration.kms_key_id",
            Flag("encryption_configuration.type", _TYPES, missing=AWS_OWNED),
        ),
    )


def _event(kind: str, listed: str, operation: str, given: dict[str, str], arn: str, terraform: str) -> EncryptedType:
    return one_key(
        f"AWS::Events::{kind}",
        Api(
            "events",
            (Call(f"List{listed}", listed),),
            arn,
            next(iter(given.values())),
            details=(Call(operation, given=given), tag_call("ResourceARN", "Tags")),
            tags="TagList",
            created="CreationTime",
        ),
        "KmsKeyIdentifier",
        AWS_OWNED,
        At(terraform, "kms_key_identifier"),
    )


PIPE = one_key(
    "AWS::Pipes::Pipe",
    Api(
        "pipes",
        (Call("ListPipes", "Pipes"),),
        "Arn",
        "Name",
        details=(Call("DescribePipe", given={"Name": "Name"}),),
        created="CreationTime",
    ),
    "KmsKeyIdentifier",
    AWS_OWNED,
    At("aws_pipes_pipe", "kms_key_identifier"),
)

SCHEDULE = one_key(
    "AWS::Scheduler::Schedule",
    Api(
        "scheduler",
        (Call("ListSchedules", "Schedules"),),
        "Arn",
        "Name",
        details=(Call("GetSchedule", given={"Name": "Name", "GroupName": "GroupName"}),),
        tags=None,  # schedules have no tags, only their groups do
        created="CreationDate",
    ),
    "KmsKeyArn",
    AWS_OWNED,
    At("aws_scheduler_schedule", "kms_key_arn"),
)

STATE_MACHINE = replace(
    _step("stateMachine", "stateMachines", "DescribeStateMachine", "aws_sfn_state_machine"),
    attributes=(
        Attribute("role", "roleArn", "ARN of the role that it runs with.", (At("aws_sfn_state_machine", "role_arn"),)),
    ),
)

MESSAGING_TYPES = (
    QUEUE,
    TOPIC,
    BROKER,
    STATE_MACHINE,
    _step("activity", "activities", "DescribeActivity", "aws_sfn_activity"),
    _event("EventBus", "EventBuses", "DescribeEventBus", {"Name": "Name"}, "Arn", "aws_cloudwatch_event_bus"),
    _event(
        "Archive",
        "Archives",
        "DescribeArchive",
        {"ArchiveName": "ArchiveName"},
        "arn:{partition}:events:{region}:{account}:archive/{name}",
        "aws_cloudwatch_event_archive",
    ),
    _event(
        "Connection",
        "Connections",
        "DescribeConnection",
        {"Name": "Name"},
        "ConnectionArn",
        "aws_cloudwatch_event_connection",
    ),
    PIPE,
    SCHEDULE,
)
