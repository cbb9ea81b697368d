# Who may do what. No action is a wildcard. `resources = ["*"]` stands only where AWS knows no resource for the action; each such statement says so.

data "aws_iam_policy_document" "assume" {
  for_each = toset(["states", "scheduler", "events"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }

    # It keeps a stranger's resource from using this role.
    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

module "role" {
  source         = "../function-role"
  name           = "${var.name}-step"
  description    = "The function that does the steps"
  log_group_arns = [aws_cloudwatch_log_group.step.arn]
  in_vpc         = local.in_vpc
  kms_key_arn    = var.kms_key_arn
  encrypts       = true
  policies       = merge(var.secret_policies, { steps = data.aws_iam_policy_document.step.json }, local.events_policy)
  tags           = var.tags
}

# For the functions that send events to subscribers of the data API.
data "aws_iam_policy_document" "events" {
  count = var.events == null ? 0 : 1

  statement {
    sid       = "Events"
    actions   = ["execute-api:ManageConnections"]
    resources = var.events.connections
  }
}

locals {
  events_policy = var.events == null ? {} : { events = data.aws_iam_policy_document.events[0].json }
}

data "aws_iam_policy_document" "step" {
  statement {
    sid     = "Objects"
    actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:PutObject", "s3:AbortMultipartUpload", "s3:RestoreObject"]
    resources = [
      "arn:${local.partition}:s3:::${var.buckets.archive}/*",
      "arn:${local.partition}:s3:::${var.buckets.results}/*",
    ]
  }

  statement {
    sid       = "Inbox"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["arn:${local.partition}:s3:::${var.buckets.inbox}/*"]
  }

  # Without it a missing object is an error 403 and not 404.
  statement {
    sid     = "List"
    actions = ["s3:ListBucket"]
    resources = [
      "arn:${local.partition}:s3:::${var.buckets.archive}",
      "arn:${local.partition}:s3:::${var.buckets.inbox}",
      "arn:${local.partition}:s3:::${var.buckets.results}",
    ]
  }

  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = var.topic_arns
  }

  statement {
    sid       = "Dead"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead.arn]
  }

  dynamic "statement" {
    for_each = var.metadata_table_arn == null ? [] : [var.metadata_table_arn]
    content {
      sid       = "Metadata"
      actions   = ["dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:Query"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role" "machine" {
  name               = "${var.name}-machine"
  description        = "The state machines"
  assume_role_policy = data.aws_iam_policy_document.assume["states"].json
  tags               = var.tags
}

data "aws_iam_policy_document" "machine" {
  statement {
    sid       = "Steps"
    actions   = ["lambda:InvokeFunction"]
    resources = [aws_lambda_alias.live.arn]
  }

  # Delivery of logs and X-Ray know no resources.
  statement {
    sid = "LogsAndTraces"
    actions = [
      "logs:CreateLogDelivery",
      "logs:GetLogDelivery",
      "logs:UpdateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:DescribeResourcePolicies",
      "logs:DescribeLogGroups",
      "xray:PutTraceSegments",
      "xray:PutTelemetryRecords",
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
    ]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = length(local.distributed) == 0 ? [] : [local.distributed]
    content {
      sid       = "DistributedMaps"
      actions   = ["states:StartExecution"]
      resources = statement.value
    }
  }

  dynamic "statement" {
    for_each = length(local.distributed) == 0 ? [] : [local.distributed]
    content {
      sid       = "DistributedRuns"
      actions   = ["states:DescribeExecution", "states:StopExecution"]
      resources = [for arn in statement.value : "${replace(arn, ":stateMachine:", ":execution:")}/*"]
    }
  }

  dynamic "statement" {
    for_each = length(local.distributed) == 0 ? [] : [var.buckets.results]
    content {
      sid       = "Lists"
      actions   = ["s3:GetObject", "s3:PutObject", "s3:ListMultipartUploadParts", "s3:AbortMultipartUpload"]
      resources = ["arn:${local.partition}:s3:::${statement.value}/*"]
    }
  }
}

resource "aws_iam_role_policy" "machine" {
  name   = "machines"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}

resource "aws_iam_role" "scheduler" {
  name               = "${var.name}-scheduler"
  description        = "Schedules that start state machines"
  assume_role_policy = data.aws_iam_policy_document.assume["scheduler"].json
  tags               = var.tags
}

resource "aws_iam_role" "events" {
  name               = "${var.name}-events"
  description        = "Rules on objects that start state machines"
  assume_role_policy = data.aws_iam_policy_document.assume["events"].json
  tags               = var.tags
}

data "aws_iam_policy_document" "start" {
  dynamic "statement" {
    for_each = length(local.started) == 0 ? [] : [local.started]
    content {
      sid       = "Start"
      actions   = ["states:StartExecution"]
      resources = statement.value
    }
  }

  statement {
    sid       = "Dead"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead.arn]
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "scheduler" {
  name   = "start"
  role   = aws_iam_role.scheduler.id
  policy = data.aws_iam_policy_document.start.json
}

resource "aws_iam_role_policy" "events" {
  name   = "start"
  role   = aws_iam_role.events.id
  policy = data.aws_iam_policy_document.start.json
}
