output "references" {
  description = "For the environment of steps: what stands there instead of the secret."
  value = merge(
    { for name in var.parameters : name => "ssm:${local.prefix}${name}" },
    { for name in var.managed : name => "secretsmanager:${var.name}/${name}" },
  )
}

output "parameters" {
  description = "The SSM parameters alone, by variable."
  value       = { for name in var.parameters : name => "${local.prefix}${name}" }
}

output "policies" {
  description = "Policy documents that let their holder read the secrets."
  value = merge(
    length(var.parameters) > 0 ? { parameters = data.aws_iam_policy_document.parameters.json } : {},
    length(var.managed) > 0 ? { managed = data.aws_iam_policy_document.managed.json } : {},
  )
}
