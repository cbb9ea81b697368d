# No secret passes through Terraform: a parameter's value would lie readable in the state. deploy.sh asks for values and puts them with the AWS
# command line, as SecureString; here stand names, and who may read them.

data "aws_caller_identity" "current" {}

data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  prefix = "/${var.name}/"
  at     = "arn:${data.aws_partition.current.partition}:ssm:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}"
}

resource "aws_secretsmanager_secret" "managed" {
  for_each                = var.managed
  name                    = "${var.name}/${each.key}"
  kms_key_id              = var.kms_key_arn
  recovery_window_in_days = var.recovery_days
  tags                    = var.tags
}

data "aws_iam_policy_document" "parameters" {
  statement {
    sid       = "Parameters"
    actions   = ["ssm:GetParameter", "ssm:GetParameters"]
    resources = [for name in var.parameters : "${local.at}:parameter${local.prefix}${name}"]
  }

  # aws/ssm lets everybody of the account decrypt who may read the parameter; a key of one's own does not.
  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      sid       = "Key"
      actions   = ["kms:Decrypt"]
      resources = [statement.value]
    }
  }
}

data "aws_iam_policy_document" "managed" {
  statement {
    sid       = "Managed"
    actions   = ["secretsmanager:GetSecretValue"]
    resources = [for secret in aws_secretsmanager_secret.managed : secret.arn]
  }
}
