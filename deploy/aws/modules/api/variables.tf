variable "name" {
  description = "How everything is called that this module makes."
  type        = string
}

variable "bundle" {
  description = "Zip file with the code of the API's functions."
  type        = string
}

variable "handlers" {
  description = "Exported functions of the bundle for requests and for WebSocket events."
  type = object({
    rest      = string
    websocket = string
  })
}

variable "websocket" {
  description = "Whether there is a WebSocket API."
  type        = bool
}

variable "environment" {
  description = "Variables of the functions. A secret is a reference, such as ssm:/ysh/NAME."
  type        = map(string)
}

variable "secret_policies" {
  description = "Policy documents (JSON) that let the functions read their secrets, by name."
  type        = map(string)
}

variable "memory_mb" {
  description = "Memory of a function."
  type        = number
}

variable "subnet_ids" {
  description = "Private subnets for the functions; empty: outside of the VPC."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the functions in the VPC."
  type        = list(string)
}

variable "authorizer" {
  description = "cognito: API Gateway admits who has an access token of the user pool with one of our scopes; none: the data API's own keys and tokens decide alone."
  type        = string

  validation {
    condition     = contains(["cognito", "none"], var.authorizer)
    error_message = "One of cognito, none."
  }
}

variable "callback_urls" {
  description = "Where a person is sent after the login; empty: only programs get tokens."
  type        = list(string)
}

variable "programs" {
  description = "Programs that ask the API, and what each may: datasets, documents, runs, events."
  type        = map(set(string))

  validation {
    condition     = alltrue([for may in values(var.programs) : length(may) > 0 && alltrue([for one in may : contains(["datasets", "documents", "runs", "events"], one)])])
    error_message = "Each program has one or more of datasets, documents, runs, events."
  }
}

variable "throttle" {
  description = "Requests a second over all callers, and how many may come at once."
  type = object({
    rate  = number
    burst = number
  })
}

variable "waf" {
  description = "A web application firewall: a limit per address and AWS's common rules (about US$ 7 a month, and US$ 0.60 a million requests)."
  type        = bool
}

variable "waf_rate" {
  description = "Requests of one address in five minutes."
  type        = number
}

variable "account_log_role" {
  description = "Whether API Gateway's role for logs is made; it is one for the account and region, so leave it out where another stack has made it."
  type        = bool
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the account for logs and environment; null: keys of AWS."
  type        = string
}

variable "deletion_protection" {
  description = "Whether the user pool may not be deleted."
  type        = bool
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
