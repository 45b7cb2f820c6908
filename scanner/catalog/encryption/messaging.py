"""Where queues, topics, streams, brokers and event buses name their keys."""

from __future__ import annotations

from scanner.catalog.encryption.types import (
    AWS_OWNED,
    UNENCRYPTED,
    Api,
    At,
    Call,
    EncryptedType,
    Flag,
    KeyField,
    Silence,
)


def _sqs(path: str, missing: Silence | None = None) -> Flag:
    """SSE-SQS is off where a KMS key is named: the flag speaks only of queues without one."""
    return Flag(path, {True: AWS_OWNED, False: UNENCRYPTED}, missing, yields=True)


QUEUE = EncryptedType(
    "AWS::SQS::Queue",
    Api(
        "sqs",
        # Without MaxResults, SQS answers at most 1,000 queues and no token.
        (Call("ListQueues", "QueueUrls[].{QueueUrl: @}", fixed={"MaxResults": 1000}),),
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

MESSAGING_TYPES = (QUEUE,)
