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
  role             = aws_iam_role.function.arn
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
    variables = merge(var.environment, { YSH_DATA_FOLDER = "/tmp/ysh", NODE_OPTIONS = "--enable-source-maps" })
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

  depends_on = [aws_iam_role_policy.function]
}

data "aws_iam_policy_document" "assume" {
  for_each = toset(["lambda", "apigateway"])

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["${each.key}.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "function" {
  name               = "${var.name}-api"
  description        = "The data API's functions"
  assume_role_policy = data.aws_iam_policy_document.assume["lambda"].json
  tags               = var.tags
}

data "aws_iam_policy_document" "function" {
  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in aws_cloudwatch_log_group.function : "${group.arn}:*"]
  }

  # X-Ray knows no resources.
  statement {
    sid       = "Traces"
    actions   = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    resources = ["*"]
  }

  dynamic "statement" {
    for_each = var.websocket ? [aws_apigatewayv2_stage.websocket[0].execution_arn] : []
    content {
      sid       = "Answer"
      actions   = ["execute-api:ManageConnections"]
      resources = ["${statement.value}/*/@connections/*"]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }

  # EC2 knows no resource for the describing and, for Lambda's own network interfaces, asks for all.
  dynamic "statement" {
    for_each = local.in_vpc ? [true] : []
    content {
      sid = "Network"
      actions = [
        "ec2:CreateNetworkInterface",
        "ec2:DescribeNetworkInterfaces",
        "ec2:DescribeSubnets",
        "ec2:DeleteNetworkInterface",
        "ec2:AssignPrivateIpAddresses",
        "ec2:UnassignPrivateIpAddresses",
      ]
      resources = ["*"]
    }
  }
}

resource "aws_iam_role_policy" "function" {
  name   = "api"
  role   = aws_iam_role.function.id
  policy = data.aws_iam_policy_document.function.json
}

resource "aws_iam_role_policy" "secrets" {
  for_each = var.secret_policies
  name     = each.key
  role     = aws_iam_role.function.id
  policy   = each.value
}
