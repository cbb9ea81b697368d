data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.region
  partition = data.aws_partition.current.partition
  in_vpc    = length(var.subnet_ids) > 0
  events    = var.events == null ? {} : { YSH_API_EVENTS_ENDPOINT = var.events.endpoint }
  schedules = { for name, one in var.pipelines : name => one if one.schedule != null }
  rules     = { for name, one in var.pipelines : name => one if one.rule != null }
  machines = {
    for name, one in var.pipelines :
    name => "arn:${local.partition}:states:${local.region}:${local.account}:stateMachine:${var.name}-${name}"
  }
  distributed = [for name, one in var.pipelines : local.machines[name] if one.distributed]
  started     = [for name, one in var.pipelines : local.machines[name] if one.schedule != null || one.rule != null]
}

# The plans lie beside the code and not in it: another flow is another layer, and the code stays.
data "archive_file" "plans" {
  type        = "zip"
  output_path = "${var.generated}/plans.zip"

  dynamic "source" {
    for_each = var.flows
    content {
      content  = file("${var.generated}/${source.value.plan}")
      filename = "plans/${source.key}.json"
    }
  }
}

resource "aws_lambda_layer_version" "plans" {
  layer_name       = "${var.name}-plans"
  description      = "Compiled flows, found as /opt/plans/NAME.json"
  filename         = data.archive_file.plans.output_path
  source_code_hash = data.archive_file.plans.output_base64sha256
}

resource "aws_cloudwatch_log_group" "step" {
  name              = "/aws/lambda/${var.name}-step"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "step" {
  function_name                  = "${var.name}-step"
  description                    = "Steps of the pipelines: ${join(", ", sort(keys(var.flows)))}"
  role                           = module.role.arn
  runtime                        = "nodejs24.x"
  architectures                  = ["arm64"]
  handler                        = var.handler
  filename                       = var.bundle
  source_code_hash               = filebase64sha256(var.bundle)
  layers                         = [aws_lambda_layer_version.plans.arn]
  memory_size                    = var.step_function.memory_mb
  timeout                        = var.step_function.timeout_seconds
  reserved_concurrent_executions = var.reserved_concurrency
  publish                        = true
  kms_key_arn                    = var.kms_key_arn
  tags                           = var.tags

  environment {
    variables = merge(var.environment, local.events, {
      YSH_PLANS       = "/opt/plans"
      YSH_BUCKETS     = var.buckets.inbox
      YSH_RESULTS     = var.buckets.results
      YSH_OBJECTS     = var.buckets.archive
      YSH_DATA_FOLDER = "/tmp/ysh"
      NODE_OPTIONS    = "--enable-source-maps"
    })
  }

  ephemeral_storage {
    size = 2048
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.step.name
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

# State machines call the alias, so that a deployment never changes the code under a call that is being made.
resource "aws_lambda_alias" "live" {
  name             = "live"
  description      = "What the state machines call"
  function_name    = aws_lambda_function.step.function_name
  function_version = aws_lambda_function.step.version
}

# Retry is the state machine's business; a call from elsewhere is made once.
resource "aws_lambda_function_event_invoke_config" "step" {
  function_name                = aws_lambda_function.step.function_name
  qualifier                    = aws_lambda_alias.live.name
  maximum_event_age_in_seconds = 3600
  maximum_retry_attempts       = 0

  destination_config {
    on_failure {
      destination = aws_sqs_queue.dead.arn
    }
  }
}

resource "aws_cloudwatch_log_group" "machine" {
  for_each          = var.pipelines
  name              = "/aws/vendedlogs/states/${var.name}-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_sfn_state_machine" "pipeline" {
  for_each   = var.pipelines
  name       = "${var.name}-${each.key}"
  role_arn   = aws_iam_role.machine.arn
  type       = "STANDARD"
  definition = module.generated.definitions[each.key]
  tags       = merge(var.tags, { flow = each.value.flow })

  logging_configuration {
    level                  = var.log_level
    include_execution_data = false
    log_destination        = "${aws_cloudwatch_log_group.machine[each.key].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  depends_on = [aws_iam_role_policy.machine]
}
