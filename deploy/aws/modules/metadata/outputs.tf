output "table_name" {
  description = "pk and sk are texts; expires_at is the time in seconds after which an item goes."
  value       = aws_dynamodb_table.metadata.name
}

output "table_arn" {
  description = "For policies."
  value       = aws_dynamodb_table.metadata.arn
}
