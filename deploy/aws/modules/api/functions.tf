data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  region    = data.aws_region.current.region
  partition = data.aws_partition.current.partition
  in_vpc    = length(var.subnet_ids) > 0
  functions = merge({ rest = var.handlers.rest }, var.websocket ? { websocket = var.handlers.websocket } : {})
}

resource "aws_cloudwatch_log_group" "function" {
  for_each          = local.functions
  name              = "/aws/lambda/${var.name}-api-${each.key}"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_lambda_function" "api" {
  for_each         = local.functions
  function_name    = "${var.name}-api-${each.key}"
  description      = "The data API: ${each.key}"
  role             = module.role.arn
  runtime          = "nodejs24.x"
  architectures    = ["arm64"]
  handler          = each.value
  filename         = var.bundle
  source_code_hash = filebase64sha256(var.bundle)
  memory_size      = var.memory_mb
  timeout          = 29
  kms_key_arn      = var.kms_key_arn
  tags             = var.tags

  environment {
    variables = merge(var.environment, local.access, { YSH_DATA_FOLDER = "/tmp/ysh", NODE_OPTIONS = "--enable-source-maps" }, each.key == "websocket" ? { YSH_API_EVENTS_ENDPOINT = local.events_endpoint } : {})
  }

  logging_config {
    log_format = "JSON"
    log_group  = aws_cloudwatch_log_group.function[each.key].name
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

module "role" {
  source         = "../function-role"
  name           = "${var.name}-api"
  description    = "The data API's functions"
  log_group_arns = [for group in aws_cloudwatch_log_group.function : group.arn]
  in_vpc         = local.in_vpc
  kms_key_arn    = var.kms_key_arn
  encrypts       = false
  policies       = merge(var.secret_policies, var.websocket ? { answer = data.aws_iam_policy_document.answer[0].json } : {})
  tags           = var.tags
}

data "aws_iam_policy_document" "answer" {
  count = var.websocket ? 1 : 0

  statement {
    sid       = "Answer"
    actions   = ["execute-api:ManageConnections"]
    resources = local.connections
  }
}
