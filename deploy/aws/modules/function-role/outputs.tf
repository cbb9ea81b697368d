output "arn" {
  description = "The role, once it may do what it should."
  value       = aws_iam_role.function.arn
  depends_on  = [aws_iam_role_policy.function]
}
