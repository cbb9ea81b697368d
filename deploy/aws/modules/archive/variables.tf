variable "name" {
  description = "How everything is called that this module makes; the account's number follows, for bucket names are the world's."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the account for the objects; null: S3's own (SSE-S3)."
  type        = string
}

variable "glacier_instant_days" {
  description = "After so many days archived files go to Glacier Instant Retrieval (readable at once; 90 days are paid at least)."
  type        = number
}

variable "deep_archive_days" {
  description = "After so many days they go to Glacier Deep Archive (restored in hours; 180 days are paid at least); 0: never."
  type        = number
}

variable "old_version_days" {
  description = "How long replaced and deleted versions are kept."
  type        = number
}

variable "inbox_days" {
  description = "How long documents stay in the inbox; what was read from them is archived."
  type        = number
}

variable "results_days" {
  description = "How long the lists of distributed maps are kept."
  type        = number
}

variable "force_destroy" {
  description = "Whether `terraform destroy` deletes the buckets with everything in them."
  type        = bool
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
