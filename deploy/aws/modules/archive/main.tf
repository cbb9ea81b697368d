data "aws_caller_identity" "current" {}

locals {
  buckets = {
    archive = "${var.name}-archive-${data.aws_caller_identity.current.account_id}"
    inbox   = "${var.name}-inbox-${data.aws_caller_identity.current.account_id}"
    results = "${var.name}-results-${data.aws_caller_identity.current.account_id}"
  }
}

resource "aws_s3_bucket" "data" {
  for_each      = local.buckets
  bucket        = each.value
  force_destroy = var.force_destroy || each.key == "results"
  tags          = merge(var.tags, { content = each.key })
}

resource "aws_s3_bucket_public_access_block" "data" {
  for_each                = local.buckets
  bucket                  = aws_s3_bucket.data[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "data" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.data[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "data" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.data[each.key].id

  rule {
    bucket_key_enabled = var.kms_key_arn != null

    apply_server_side_encryption_by_default {
      sse_algorithm     = var.kms_key_arn == null ? "AES256" : "aws:kms"
      kms_master_key_id = var.kms_key_arn
    }
  }
}

resource "aws_s3_bucket_versioning" "data" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.data[each.key].id

  versioning_configuration {
    status = each.key == "results" ? "Suspended" : "Enabled"
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "data" {
  for_each                               = local.buckets
  bucket                                 = aws_s3_bucket.data[each.key].id
  transition_default_minimum_object_size = "all_storage_classes_128K"

  rule {
    id     = "unfinished"
    status = "Enabled"

    filter {
      prefix = ""
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 3
    }

    noncurrent_version_expiration {
      noncurrent_days = var.old_version_days
    }
  }

  dynamic "rule" {
    for_each = each.key == "archive" ? [true] : []
    content {
      id     = "glacier"
      status = "Enabled"

      filter {
        prefix = ""
      }

      transition {
        days          = var.glacier_instant_days
        storage_class = "GLACIER_IR"
      }

      dynamic "transition" {
        for_each = var.deep_archive_days > 0 ? [var.deep_archive_days] : []
        content {
          days          = transition.value
          storage_class = "DEEP_ARCHIVE"
        }
      }
    }
  }

  dynamic "rule" {
    for_each = each.key == "archive" ? [] : [each.key == "inbox" ? var.inbox_days : var.results_days]
    content {
      id     = "expire"
      status = "Enabled"

      filter {
        prefix = ""
      }

      expiration {
        days = rule.value
      }
    }
  }

  # A lifecycle with old versions in it wants the versioning to be settled.
  depends_on = [aws_s3_bucket_versioning.data]
}

data "aws_iam_policy_document" "only_tls" {
  for_each = local.buckets

  statement {
    sid     = "OnlyTls"
    effect  = "Deny"
    actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject", "s3:DeleteObject", "s3:DeleteObjectVersion", "s3:ListBucket", "s3:RestoreObject"]
    resources = [
      aws_s3_bucket.data[each.key].arn,
      "${aws_s3_bucket.data[each.key].arn}/*",
    ]

    principals {
      type        = "AWS"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "data" {
  for_each = local.buckets
  bucket   = aws_s3_bucket.data[each.key].id
  policy   = data.aws_iam_policy_document.only_tls[each.key].json

  depends_on = [aws_s3_bucket_public_access_block.data]
}

# The rules on objects hear of them through EventBridge.
resource "aws_s3_bucket_notification" "inbox" {
  bucket      = aws_s3_bucket.data["inbox"].id
  eventbridge = true
}
