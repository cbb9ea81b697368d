# A WebSocket API knows no Cognito: the function looks at the key or token of $connect, or of the first message where a browser can send no header.
# It answers, as the functions of the pipeline send events, by posting to the connection; the routes themselves answer nothing.

locals {
  events_endpoint = one([for url in aws_apigatewayv2_stage.websocket[*].invoke_url : replace(url, "wss://", "https://")])
  connections = flatten([
    for arn in aws_apigatewayv2_stage.websocket[*].execution_arn :
    ["${arn}/POST/@connections/*", "${arn}/DELETE/@connections/*"]
  ])
}

resource "aws_apigatewayv2_api" "websocket" {
  count                      = var.websocket ? 1 : 0
  name                       = "${var.name}-events"
  description                = "What is new in the data"
  protocol_type              = "WEBSOCKET"
  route_selection_expression = "$request.body.type"
  tags                       = var.tags
}

resource "aws_apigatewayv2_integration" "websocket" {
  count              = var.websocket ? 1 : 0
  api_id             = aws_apigatewayv2_api.websocket[0].id
  integration_type   = "AWS_PROXY"
  integration_uri    = aws_lambda_function.api["websocket"].invoke_arn
  integration_method = "POST"
}

resource "aws_apigatewayv2_route" "websocket" {
  for_each           = var.websocket ? toset(["$connect", "$disconnect", "$default"]) : toset([])
  api_id             = aws_apigatewayv2_api.websocket[0].id
  route_key          = each.key
  authorization_type = "NONE"
  target             = "integrations/${aws_apigatewayv2_integration.websocket[0].id}"
}

resource "aws_apigatewayv2_stage" "websocket" {
  count       = var.websocket ? 1 : 0
  api_id      = aws_apigatewayv2_api.websocket[0].id
  name        = "prod"
  auto_deploy = true
  tags        = var.tags

  access_log_settings {
    destination_arn = aws_cloudwatch_log_group.access.arn
    format = jsonencode({
      id     = "$context.requestId"
      time   = "$context.requestTimeEpoch"
      route  = "$context.routeKey"
      status = "$context.status"
    })
  }

  default_route_settings {
    detailed_metrics_enabled = false
    logging_level            = "OFF"
    data_trace_enabled       = false
    throttling_rate_limit    = var.throttle.rate
    throttling_burst_limit   = var.throttle.burst
  }

  depends_on = [aws_api_gateway_account.this]
}

resource "aws_lambda_permission" "websocket" {
  count         = var.websocket ? 1 : 0
  statement_id  = "AllowWebSocketApi"
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.api["websocket"].function_name
  principal     = "apigateway.amazonaws.com"
  source_arn    = "${aws_apigatewayv2_api.websocket[0].execution_arn}/*/*"
}
