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

output "sign_in" {
  description = "What one needs to get a token; null without Cognito."
  value = local.cognito ? {
    user_pool = aws_cognito_user_pool.this[0].id
    authorize = "${local.sign_in}/oauth2/authorize"
    token     = "${local.sign_in}/oauth2/token"
    scopes    = values(local.scopes)
    persons   = one(aws_cognito_user_pool_client.persons[*].id)
    programs  = { for name, client in aws_cognito_user_pool_client.program : name => client.id }
  } : null
}

output "name" {
  description = "Of the REST API, in its metrics."
  value       = aws_api_gateway_rest_api.this.name
}
