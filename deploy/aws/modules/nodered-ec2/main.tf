data "aws_partition" "current" {}

data "aws_region" "current" {}

locals {
  architecture = startswith(var.instance_type, "t4g") ? "arm64" : "x86_64"
  memory = {
    micro  = { most = "832m", with_swap = "1664m" }
    small  = { most = "1440m", with_swap = "2880m" }
    medium = { most = "3072m", with_swap = "4096m" }
    large  = { most = "6656m", with_swap = "7680m" }
  }[split(".", var.instance_type)[1]]

  # What stands in these files of deploy/ec2/user-data.yaml is for a machine made by hand. A name with a parameter becomes a file in memory.
  own_files = {
    "/etc/ysh/image" = "IMAGE=${var.image}\nMEMORY=${local.memory.most}\nMEMORY_SWAP=${local.memory.with_swap}\n"
    "/etc/ysh/environment" = join("", [
      for name, value in merge(var.environment, { AWS_REGION = data.aws_region.current.region }) : "${name}=${value}\n"
      if value != "" && !contains(keys(var.secret_parameters), name)
    ])
    "/etc/ysh/secrets" = join("", [for name, parameter in var.secret_parameters : "${name} ${parameter}\n"])
    "/etc/docker/daemon.json" = jsonencode({
      "log-driver" = "awslogs"
      "log-opts" = {
        "awslogs-region" = data.aws_region.current.region
        "awslogs-group"  = "/${var.name}/node-red"
        # CloudWatch that does not answer stops no step
        "mode"            = "non-blocking"
        "max-buffer-size" = "4m"
      }
    })
  }
  cloud_config = yamldecode(var.cloud_config)
  user_data = join("\n", ["#cloud-config", yamlencode(merge(local.cloud_config, {
    write_files = [for one in local.cloud_config.write_files : merge(one, { content = lookup(local.own_files, one.path, one.content) })]
  }))])

  # An image in ECR: account, region, name.
  ecr = try(regex("^([0-9]+)\\.dkr\\.ecr\\.([a-z0-9-]+)\\.[^/]+/([^:@]+)", var.image), null)
}

data "aws_ssm_parameter" "image" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-${local.architecture}"
}

resource "aws_cloudwatch_log_group" "nodered" {
  name              = "/${var.name}/node-red"
  retention_in_days = var.log_days
  kms_key_id        = var.kms_key_arn
  tags              = var.tags
}

resource "aws_instance" "nodered" {
  ami                         = data.aws_ssm_parameter.image.insecure_value
  instance_type               = var.instance_type
  subnet_id                   = var.subnet_id
  associate_public_ip_address = var.public_ip
  vpc_security_group_ids      = var.security_group_ids
  iam_instance_profile        = aws_iam_instance_profile.nodered.name
  disable_api_termination     = var.termination_protection
  user_data_replace_on_change = false
  tags                        = merge(var.tags, { Name = "${var.name}-node-red" })
  volume_tags                 = merge(var.tags, { Name = "${var.name}-node-red" })

  user_data = coalesce(var.user_data, local.user_data)

  # No key, no port: the editor is reached through Session Manager.
  metadata_options {
    http_endpoint               = "enabled"
    http_tokens                 = "required"
    http_put_response_hop_limit = 2
    instance_metadata_tags      = "disabled"
  }

  # Beyond its credits it is slow, and not billed.
  credit_specification {
    cpu_credits = "standard"
  }

  root_block_device {
    volume_type           = "gp3"
    volume_size           = var.volume_gb
    encrypted             = true
    kms_key_id            = var.kms_key_arn
    delete_on_termination = !var.termination_protection
  }

  lifecycle {
    precondition {
      condition     = length(coalesce(var.user_data, local.user_data)) <= 16384
      error_message = "EC2 takes 16 KiB of user data. Make the environment smaller, or bring user data of your own."
    }

    # A newer image of AWS is no reason to lose the disk.
    ignore_changes = [ami, user_data]
  }
}

data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ec2.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "nodered" {
  name               = "${var.name}-node-red"
  description        = "Node-RED on EC2"
  assume_role_policy = data.aws_iam_policy_document.assume.json
  tags               = var.tags
}

resource "aws_iam_instance_profile" "nodered" {
  name = "${var.name}-node-red"
  role = aws_iam_role.nodered.name
  tags = var.tags
}

data "aws_iam_policy_document" "nodered" {
  # What Session Manager's agent asks for; these know no resources.
  statement {
    sid = "SessionManager"
    actions = [
      "ssm:UpdateInstanceInformation",
      "ssmmessages:CreateControlChannel",
      "ssmmessages:CreateDataChannel",
      "ssmmessages:OpenControlChannel",
      "ssmmessages:OpenDataChannel",
    ]
    resources = ["*"]
  }

  statement {
    sid       = "Logs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.nodered.arn}:*"]
  }

  # PutMetricData knows no resources; the condition leaves the pipeline's own namespace.
  statement {
    sid       = "Metrics"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["YSH/Pipeline"]
    }
  }

  statement {
    sid       = "Notify"
    actions   = ["sns:Publish"]
    resources = var.topic_arns
  }

  statement {
    sid     = "Objects"
    actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:GetObjectAttributes", "s3:PutObject", "s3:AbortMultipartUpload", "s3:RestoreObject"]
    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::${var.buckets.archive}/*",
      "arn:${data.aws_partition.current.partition}:s3:::${var.buckets.inbox}/*",
    ]
  }

  statement {
    sid     = "List"
    actions = ["s3:ListBucket"]
    resources = [
      "arn:${data.aws_partition.current.partition}:s3:::${var.buckets.archive}",
      "arn:${data.aws_partition.current.partition}:s3:::${var.buckets.inbox}",
    ]
  }

  # Logging in knows no resource; pulling does.
  dynamic "statement" {
    for_each = local.ecr == null ? [] : [local.ecr]
    content {
      sid       = "RegistryLogin"
      actions   = ["ecr:GetAuthorizationToken"]
      resources = ["*"]
    }
  }

  dynamic "statement" {
    for_each = local.ecr == null ? [] : [local.ecr]
    content {
      sid       = "Registry"
      actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
      resources = ["arn:${data.aws_partition.current.partition}:ecr:${statement.value[1]}:${statement.value[0]}:repository/${statement.value[2]}"]
    }
  }

  dynamic "statement" {
    for_each = var.kms_key_arn == null ? [] : [var.kms_key_arn]
    content {
      sid       = "Key"
      actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
      resources = [statement.value]
    }
  }
}

resource "aws_iam_role_policy" "nodered" {
  name   = "node-red"
  role   = aws_iam_role.nodered.id
  policy = data.aws_iam_policy_document.nodered.json
}

resource "aws_iam_role_policy" "secrets" {
  for_each = var.secret_policies
  name     = each.key
  role     = aws_iam_role.nodered.id
  policy   = each.value
}
