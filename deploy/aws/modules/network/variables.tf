variable "name" {
  description = "How everything is called that this module makes."
  type        = string
}

variable "cidr" {
  description = "Addresses of the VPC; a /16 to a /20."
  type        = string
}

variable "nat" {
  description = "A NAT gateway, through which the private subnets reach the internet (about US$ 33 a month, and US$ 0.045 a GB)."
  type        = bool
}

variable "endpoints" {
  description = "AWS services reached inside of the VPC, each US$ 7.30 a month and subnet: ssm, ssmmessages, ec2messages, …; S3 and DynamoDB cost nothing and are always there."
  type        = set(string)
}

variable "flow_log_days" {
  description = "How long the log of refused connections is kept; 0: none is written."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the account for the log; null: AWS's."
  type        = string
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
