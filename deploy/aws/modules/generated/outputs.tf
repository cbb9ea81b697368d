output "definitions" {
  description = "State machines in Amazon States Language, by pipeline."
  value       = local.definitions
}

output "schedules" {
  description = "Schedules, by pipeline."
  value       = local.schedules
}

output "rules" {
  description = "Rules on objects, by pipeline."
  value       = local.rules
}
