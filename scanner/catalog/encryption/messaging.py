"""Where queues, topics, streams, brokers and event buses name their keys."""

from __future__ import annotations

from scanner.catalog.encryption.types import AWS_OWNED, Api, At, Call, EncryptedType, KeyField, switch

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
            switch("Attributes.SqsManagedSseEnabled", AWS_OWNED),
            terraform=(
                # SSE-SQS is the default of new queues when neither is written (SQS developer guide, "Data encryption").
                At(
                    "aws_sqs_queue",
                    "kms_master_key_id",
                    switch("sqs_managed_sse_enabled", AWS_OWNED, missing=AWS_OWNED),
                ),
            ),
        ),
    ),
    terraform={"aws_sqs_queue": "name"},
)

MESSAGING_TYPES = (QUEUE,)
