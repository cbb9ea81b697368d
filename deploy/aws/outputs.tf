output "state_machines" {
  description = "ARNs by pipeline."
  value       = module.pipeline.state_machine_arns
}

output "step_function" {
  description = "The function that does the steps."
  value       = module.pipeline.function_name
}

output "buckets" {
  description = "Names, by what they hold."
  value       = module.archive.buckets
}

output "secret_references" {
  description = "Where secrets lie; deploy.sh puts their values there."
  value       = merge(module.secrets.references, one(module.nodered_secrets[*].references))
}

output "dead_queue_url" {
  description = "Queue of what could not be started."
  value       = module.pipeline.dead_queue_url
}

output "metadata_table" {
  description = "The DynamoDB table; null without."
  value       = one(module.metadata[*].table_name)
}

output "api_url" {
  description = "The data API; null without."
  value       = one(module.api[*].rest_url)
}

output "websocket_url" {
  description = "The API's events; null without."
  value       = one(module.api[*].websocket_url)
}

output "sign_in" {
  description = "Cognito: where tokens come from, and whose; null without. docs/aws.md says how."
  value       = one(module.api[*].sign_in)
}

output "nodered_instance" {
  description = "The machine of Node-RED; null without."
  value       = one(module.nodered[*].instance_id)
}

output "dashboard_url" {
  description = "The dashboard in the console."
  value       = module.alarms.dashboard_url
}
