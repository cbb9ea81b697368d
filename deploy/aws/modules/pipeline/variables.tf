variable "name" {
  description = "How everything is called that this module makes."
  type        = string
}

variable "generated" {
  description = "Folder of what `ysh-pipeline compile --target step-functions` wrote."
  type        = string
}

variable "flows" {
  description = "The compiled flows: hash of each, and its plan's file in the folder."
  type = map(object({
    sha256 = string
    plan   = string
  }))
}

variable "pipelines" {
  description = "One state machine each, from pipeline.auto.tfvars.json."
  type = map(object({
    flow           = string
    id             = string
    trigger        = string
    definition     = string
    schedule       = optional(string)
    rule           = optional(string)
    rule_variables = optional(list(string), [])
    distributed    = optional(bool, false)
    silent_hours   = optional(number)
  }))
}

variable "step_function" {
  description = "Memory and time of the one Lambda function that does all steps."
  type = object({
    memory_mb       = number
    timeout_seconds = number
    types           = list(string)
  })
}

variable "bundle" {
  description = "Zip file with the function's code."
  type        = string
}

variable "handler" {
  description = "Exported function of the bundle that does a step."
  type        = string
}

variable "deliver" {
  description = "Whether a function sends what lies in the outbox, each minute."
  type        = bool
}

variable "deliver_handler" {
  description = "Exported function of the bundle that does that."
  type        = string
}

variable "events" {
  description = "Where subscribers of the data API's events are spoken to, and the connections that may be; null: there are none."
  type = object({
    endpoint    = string
    connections = list(string)
  })
}

variable "environment" {
  description = "Variables of the steps. A secret is a reference, such as ssm:/ysh/NAME."
  type        = map(string)
}

variable "secret_policies" {
  description = "Policy documents (JSON) that let the function read its secrets, by name."
  type        = map(string)
}

variable "buckets" {
  description = "Names of the buckets of documents, of results of large lists, and of the archive."
  type = object({
    inbox   = string
    results = string
    archive = string
  })
}

variable "metadata_table_arn" {
  description = "DynamoDB table that the steps may use; null: none."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets for the function; empty: outside of the VPC, which is free and reaches the internet."
  type        = list(string)
}

variable "security_group_ids" {
  description = "Security groups of the function in the VPC."
  type        = list(string)
}

variable "reserved_concurrency" {
  description = "Most calls at once; -1: what the account admits. It also bounds the connections to the database."
  type        = number
}

variable "schedules_enabled" {
  description = "Whether the schedules start runs."
  type        = bool
}

variable "log_days" {
  description = "How long logs are kept."
  type        = number
}

variable "log_level" {
  description = "What the state machines log: ALL, ERROR, FATAL or OFF."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of the account for logs, queue, topics and environment; null: keys of AWS."
  type        = string
}

variable "topic_arns" {
  description = "SNS topics to which notify steps may publish."
  type        = list(string)
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
