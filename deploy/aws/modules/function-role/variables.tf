variable "name" {
  description = "Name of the role."
  type        = string
}

variable "description" {
  description = "Whose role it is."
  type        = string
}

variable "log_group_arns" {
  description = "Where the function writes its log."
  type        = list(string)
}

variable "in_vpc" {
  description = "Whether the function stands in the VPC, and so makes network interfaces."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key of the account; null: none, and nothing to be allowed."
  type        = string
}

variable "encrypts" {
  description = "Whether the function writes with that key, and does not only read."
  type        = bool
}

variable "policies" {
  description = "Policy documents (JSON) of this function alone, by name; not `every`."
  type        = map(string)
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
