output "rest_url" {
  description = "Where the data API is asked."
  value       = aws_api_gateway_stage.prod.invoke_url
}

output "events" {
  description = "Where connections of the WebSocket API are spoken to, and what a function must be allowed for it; null without."
  value       = var.websocket ? { endpoint = local.events_endpoint, connections = local.connections } : null
}

output "websocket_url" {
  description = "Where events are heard; null without."
  value       = one(aws_apigatewayv2_stage.websocket[*].invoke_url)
}

output "user_pool_id" {
  description = "Users are made in it; null without Cognito."
  value       = one(aws_cognito_user_pool.this[*].id)
}

output "user_pool_client_id" {
  description = "With which they log in; null without Cognito."
  value       = one(aws_cognito_user_pool_client.this[*].id)
}

output "name" {
  description = "Of the REST API, in its metrics."
  value       = aws_api_gateway_rest_api.this.name
}
