resource "aws_api_gateway_rest_api" "this" {
  name                         = "${var.name}-data"
  description                  = "Brazilian electricity data"
  minimum_compression_size     = 1024
  binary_media_types           = ["application/vnd.apache.parquet", "application/octet-stream", "application/gzip"]
  disable_execute_api_endpoint = false
  tags                         = var.tags

  endpoint_configuration {
    types = ["REGIONAL"]
  }
}

resource "aws_api_gateway_authorizer" "cognito" {
  count         = local.cognito ? 1 : 0
  name          = "cognito"
  rest_api_id   = aws_api_gateway_rest_api.this.id
  type          = "COGNITO_USER_POOLS"
  provider_arns = [aws_cognito_user_pool.this[0].arn]
}

resource "aws_api_gateway_resource" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  parent_id   = aws_api_gateway_rest_api.this.root_resource_id
  path_part   = "{proxy+}"
}

resource "aws_api_gateway_method" "all" {
  for_each = {
    all  = aws_api_gateway_resource.all.id
    root = aws_api_gateway_rest_api.this.root_resource_id
  }
  rest_api_id   = aws_api_gateway_rest_api.this.id
  resource_id   = each.value
  http_method   = "ANY"
  authorization = local.cognito ? "COGNITO_USER_POOLS" : "NONE"
  authorizer_id = local.cognito ? aws_api_gateway_authorizer.cognito[0].id : null
  # One of them is enough here; which a path needs is asked by the function. Without scopes ID tokens would be let in, and access tokens refused.
  authorization_scopes = local.cognito ? values(local.scopes) : null
  request_parameters   = each.key == "all" ? { "method.request.path.proxy" = true } : {}
}

resource "aws_api_gateway_integration" "all" {
  for_each                = aws_api_gateway_method.all
  rest_api_id             = aws_api_gateway_rest_api.this.id
  resource_id             = each.value.resource_id
  http_method             = each.value.http_method
  integration_http_method = "POST"
  type                    = "AWS_PROXY"
  uri                     = aws_lambda_function.api["rest"].invoke_arn
  timeout_milliseconds    = 29000
}

resource "aws_lambda_permission" "rest" {
  statement_id  = "AllowRestApi"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.api["rest"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_api_gateway_rest_api.this.execution_arn}/*/*"
}

resource "aws_api_gateway_deployment" "this" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  description = "Made anew when a method changes"

  triggers = {
    methods = sha256(jsonencode([aws_api_gateway_method.all, aws_api_gateway_integration.all]))
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "aws_cloudwatch_log_group" "access" {
  name              = "/aws/apigateway/${var.name}-access"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

# One for the account and region: API Gateway writes no log without it.
data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["apigateway.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "gateway_logs" {
  count              = var.account_log_role ? 1 : 0
  name               = "${var.name}-api-gateway-logs"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags
}

data "aws_iam_policy_document" "gateway_logs" {
  # API Gateway looks for groups and makes those of its execution logs, whose names hold ids that nobody knows before.
  statement {
    sid       = "Groups"
    actions   = ["logs:DescribeLogGroups"]
    resources = ["*"]
  }

  statement {
    sid = "Write"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
      "logs:GetLogEvents",
      "logs:FilterLogEvents",
    ]
    resources = [
      "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws/apigateway/*",
      "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:API-Gateway-Execution-Logs_*",
    ]
  }
}

resource "aws_iam_role_policy" "gateway_logs" {
  count  = var.account_log_role ? 1 : 0
  name   = "write"
  role   = aws_iam_role.gateway_logs[0].id
  policy = data.aws_iam_policy_document.gateway_logs.json
}

resource "aws_api_gateway_account" "this" {
  count               = var.account_log_role ? 1 : 0
  cloudwatch_role_arn = aws_iam_role.gateway_logs[0].arn

  depends_on = [aws_iam_role_policy.gateway_logs]
}

resource "aws_api_gateway_stage" "prod" {
  rest_api_id          = aws_api_gateway_rest_api.this.id
  deployment_id        = aws_api_gateway_deployment.this.id
  stage_name           = "prod"
  xray_tracing_enabled = true
  tags                 = var.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    # No address of the caller and no query: they are personal, or may be.
    format = jsonencode({
      id        = "$context.requestId"
      time      = "$context.requestTimeEpoch"
      method    = "$context.httpMethod"
      path      = "$context.path"
      status    = "$context.status"
      latency   = "$context.responseLatency"
      length    = "$context.responseLength"
      error     = "$context.error.responseType"
      authorize = "$context.authorizer.error"
    })
  }

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_api_gateway_method_settings" "all" {
  rest_api_id = aws_api_gateway_rest_api.this.id
  stage_name  = aws_api_gateway_stage.prod.stage_name
  method_path = "*/*"

  settings {
    metrics_enabled        = true
    logging_level          = "OFF"
    data_trace_enabled     = false
    throttling_rate_limit  = var.throttle.rate
    throttling_burst_limit = var.throttle.burst
  }
}
