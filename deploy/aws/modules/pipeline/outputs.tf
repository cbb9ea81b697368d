output "state_machine_arns" {
  description = "By pipeline."
  value       = { for name, one in aws_sfn_state_machine.pipeline : name => one.arn }
}

output "function_name" {
  description = "Of the function that does the steps."
  value       = aws_lambda_function.step.function_name
}

output "function_arn" {
  description = "Alias that the state machines call."
  value       = aws_lambda_alias.live.arn
}

output "dead_queue_name" {
  description = "Queue of what could not be started."
  value       = aws_sqs_queue.dead.name
}

output "dead_queue_url" {
  description = "Address of that queue."
  value       = aws_sqs_queue.dead.url
}
