module "generated" {
  source             = "../generated"
  generated          = var.generated
  pipelines          = var.pipelines
  step_function_arn  = aws_lambda_alias.live.arn
  state_machine_arns = local.machines
  inbox              = var.buckets.inbox
  role_arns = {
    scheduler = aws_iam_role.scheduler.arn
    events    = aws_iam_role.events.arn
  }
}

# What could not be started lies here for two weeks; the alarm on it says so.
resource "aws_sqs_queue" "dead" {
  name                              = "${var.name}-dead"
  message_retention_seconds         = 1209600
  sqs_managed_sse_enabled           = var.kms_key_arn == null ? true : null
  kms_master_key_id                 = var.kms_key_arn
  kms_data_key_reuse_period_seconds = var.kms_key_arn == null ? null : 3600
  tags                              = var.tags
}

data "aws_iam_policy_document" "dead" {
  statement {
    sid       = "Events"
    actions   = ["sqs:SendMessage"]
    resources = [aws_sqs_queue.dead.arn]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  statement {
    sid       = "OnlyTls"
    effect    = "Deny"
    actions   = ["sqs:SendMessage", "sqs:ReceiveMessage"]
    resources = [aws_sqs_queue.dead.arn]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_sqs_queue_policy" "dead" {
  queue_url = aws_sqs_queue.dead.id
  policy    = data.aws_iam_policy_document.dead.json
}

resource "aws_scheduler_schedule_group" "pipeline" {
  name = var.name
  tags = var.tags
}

resource "aws_scheduler_schedule" "pipeline" {
  for_each                     = local.schedules
  name                         = module.generated.schedules[each.key].Name
  group_name                   = aws_scheduler_schedule_group.pipeline.name
  schedule_expression          = module.generated.schedules[each.key].ScheduleExpression
  schedule_expression_timezone = module.generated.schedules[each.key].ScheduleExpressionTimezone
  state                        = var.schedules_enabled ? "ENABLED" : "DISABLED"
  kms_key_arn                  = var.kms_key_arn

  flexible_time_window {
    mode = module.generated.schedules[each.key].FlexibleTimeWindow.Mode
  }

  target {
    arn      = aws_sfn_state_machine.pipeline[each.key].arn
    role_arn = module.generated.schedules[each.key].Target.RoleArn
    input    = module.generated.schedules[each.key].Target.Input

    dead_letter_config {
      arn = aws_sqs_queue.dead.arn
    }

    retry_policy {
      maximum_event_age_in_seconds = module.generated.schedules[each.key].Target.RetryPolicy.MaximumEventAgeInSeconds
      maximum_retry_attempts       = module.generated.schedules[each.key].Target.RetryPolicy.MaximumRetryAttempts
    }
  }
}

resource "aws_cloudwatch_event_rule" "object" {
  for_each      = local.rules
  name          = "${var.name}-${module.generated.rules[each.key].Name}"
  description   = "Objects that start ${each.key}"
  event_pattern = jsonencode(module.generated.rules[each.key].EventPattern)
  tags          = var.tags
}

resource "aws_cloudwatch_event_target" "object" {
  for_each  = local.rules
  rule      = aws_cloudwatch_event_rule.object[each.key].name
  target_id = "state-machine"
  arn       = aws_sfn_state_machine.pipeline[each.key].arn
  role_arn  = module.generated.rules[each.key].Target.RoleArn

  input_transformer {
    input_template = module.generated.rules[each.key].Target.InputTransformer.InputTemplate
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead.arn
  }

  retry_policy {
    maximum_event_age_in_seconds = 3600
    maximum_retry_attempts       = 5
  }
}
