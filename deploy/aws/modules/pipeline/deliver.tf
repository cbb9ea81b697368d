# What steps have put into the outbox is sent by a function that a schedule calls each minute. It also starts the pipelines that wait for an alert
# or for a model, and nothing else. It sends the events that no step has sent to subscribers. What it does not get through is done a minute later, by it or by a Node-RED on the same stores.

locals {
  owed = var.deliver ? { for name, one in var.pipelines : one.id => local.machines[name] if contains(["alert", "late"], one.trigger) } : {}
}

resource "aws_cloudwatch_log_group" "deliver" {
  count             = var.deliver ? 1 : 0
  name              = "/aws/lambda/${var.name}-deliver"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

module "deliver_role" {
  count          = var.deliver ? 1 : 0
  source         = "../function-role"
  name           = "${var.name}-deliver"
  description    = "The function that delivers"
  log_group_arns = [aws_cloudwatch_log_group.deliver[0].arn]
  in_vpc         = local.in_vpc
  kms_key_arn    = var.kms_key_arn
  encrypts       = true
  policies       = merge(var.secret_policies, { deliver = data.aws_iam_policy_document.deliver.json }, local.events_policy)
  tags           = var.tags
}

data "aws_iam_policy_document" "deliver" {
  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = var.topic_arns
  }

  dynamic "statement" {
    for_each = length(local.owed) == 0 ? [] : [values(local.owed)]
    content {
      sid       = "Start"
      actions   = ["states:StartExecution"]
      resources = statement.value
    }
  }
}

resource "aws_lambda_function" "deliver" {
  count            = var.deliver ? 1 : 0
  function_name    = "${var.name}-deliver"
  description      = "Sends what lies in the outbox, and starts what waits for alerts and models"
  role             = module.deliver_role[0].arn
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  handler          = var.deliver_handler
  filename         = var.bundle
  source_code_hash = filebase64sha256(var.bundle)
  layers           = [aws_lambda_layer_version.plans.arn]
  memory_size      = 512
  timeout          = 55
  kms_key_arn      = var.kms_key_arn
  tags             = var.tags

  environment {
    variables = merge(var.environment, local.events, {
      YSH_PLANS          = "/opt/plans"
      YSH_BUCKETS        = var.buckets.inbox
      YSH_DATA_FOLDER    = "/tmp/ysh"
      YSH_STATE_MACHINES = jsonencode(local.owed)
      NODE_OPTIONS       = "--enable-source-maps"
    })
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.deliver[0].name
  }

  tracing_config {
    mode = "Active"
  }

  dynamic "vpc_config" {
    for_each = local.in_vpc ? [true] : []
    content {
      subnet_ids         = var.subnet_ids
      security_group_ids = var.security_group_ids
    }
  }
}

# A call that was not made is not made up for: the next one does its work.
resource "aws_lambda_function_event_invoke_config" "deliver" {
  count                        = var.deliver ? 1 : 0
  function_name                = aws_lambda_function.deliver[0].function_name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_iam_role" "deliver_schedule" {
  count              = var.deliver ? 1 : 0
  name               = "${var.name}-deliver-schedule"
  description        = "The schedule that calls the function that delivers"
  assume_role_policy = data.aws_iam_policy_document.assume["scheduler"].json
  tags               = var.tags
}

data "aws_iam_policy_document" "deliver_schedule" {
  dynamic "statement" {
    for_each = aws_lambda_function.deliver[*].arn
    content {
      sid       = "Call"
      actions   = ["lambda:InvokeFunction"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "deliver_schedule" {
  count  = var.deliver ? 1 : 0
  name   = "call"
  role   = aws_iam_role.deliver_schedule[0].id
  policy = data.aws_iam_policy_document.deliver_schedule.json
}

resource "aws_scheduler_schedule" "deliver" {
  count               = var.deliver ? 1 : 0
  name                = "${var.name}-deliver"
  group_name          = aws_scheduler_schedule_group.pipeline.name
  schedule_expression = "rate(1 minute)"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = aws_lambda_function.deliver[0].arn
    role_arn = aws_iam_role.deliver_schedule[0].arn
    input    = "{}"

    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 0
    }
  }
}
