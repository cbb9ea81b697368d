variable "name" {
  description = "How the table is called."
  type        = string
}

variable "read_capacity" {
  description = "Reads a second; all tables of an account together have 25 for nothing."
  type        = number

  validation {
    condition     = var.read_capacity >= 1 && var.read_capacity <= 25
    error_message = "Between 1 and 25: more is not in the free tier."
  }
}

variable "write_capacity" {
  description = "Writes a second; all tables of an account together have 25 for nothing."
  type        = number

  validation {
    condition     = var.write_capacity >= 1 && var.write_capacity <= 25
    error_message = "Between 1 and 25: more is not in the free tier."
  }
}

variable "point_in_time_recovery" {
  description = "Back to any second of the last 35 days; US$ 0.20 a GB and month."
  type        = bool
}

variable "kms_key_arn" {
  description = "Key of the account; null: DynamoDB's own, which costs nothing."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the table may not be deleted."
  type        = bool
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
