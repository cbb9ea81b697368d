variable "name" {
  description = "How everything is called that this module makes."
  type        = string
}

variable "parameters" {
  description = "Names of secrets kept as SSM parameters (SecureString, standard: free)."
  type        = set(string)
}

variable "managed" {
  description = "Names of secrets kept in Secrets Manager, which can rotate them (US$ 0.40 each a month)."
  type        = set(string)
}

variable "kms_key_arn" {
  description = "Key of the account; null: aws/ssm and aws/secretsmanager."
  type        = string
}

variable "recovery_days" {
  description = "How long a deleted secret of Secrets Manager can be had back; 0: not at all."
  type        = number
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
