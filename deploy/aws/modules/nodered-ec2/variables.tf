variable "name" {
  description = "How everything is called that this module makes."
  type        = string
}

variable "instance_type" {
  description = "t4g.small or t3.small (2 GiB); micro with 1 GiB is the least, and has no room for PostgreSQL beside Node-RED."
  type        = string

  validation {
    condition     = can(regex("^(t4g|t3)\\.(micro|small|medium|large)$", var.instance_type))
    error_message = "A t4g or t3, from micro to large."
  }
}

variable "subnet_id" {
  description = "Where it stands."
  type        = string
}

variable "public_ip" {
  description = "Whether it has a public address (US$ 3.65 a month), as its way out where there is no NAT. Nothing comes in by it."
  type        = bool
}

variable "security_group_ids" {
  description = "Groups that let nothing in."
  type        = list(string)
}

variable "volume_gb" {
  description = "Size of the encrypted disk."
  type        = number
}

variable "image" {
  description = "Container image of the pipeline, by digest or tag."
  type        = string
}

variable "environment" {
  description = "Variables of the container; empty ones are left out."
  type        = map(string)
}

variable "secret_parameters" {
  description = "SSM parameters of the secrets, by variable. The machine fetches them at each start into files in memory."
  type        = map(string)
}

variable "secret_policies" {
  description = "Policy documents (JSON) that let it read its secrets, by name."
  type        = map(string)
}

variable "buckets" {
  description = "Names of the buckets of documents and of the archive."
  type = object({
    inbox   = string
    archive = string
  })
}

variable "topic_arns" {
  description = "SNS topics to which notify nodes may publish."
  type        = list(string)
}

variable "cloud_config" {
  description = "Text of deploy/ec2/user-data.yaml."
  type        = string
}

variable "user_data" {
  description = "Other user data to begin with, taken as they are; null: cloud_config with what is said here."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the account for the disk; null: aws/ebs."
  type        = string
}

variable "log_days" {
  description = "How long the container's log is kept."
  type        = number
}

variable "termination_protection" {
  description = "Whether the instance may not be ended."
  type        = bool
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
