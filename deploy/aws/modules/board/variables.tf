variable "region" {
  description = "Where the metrics are."
  type        = string
}

variable "namespace" {
  description = "Where the pipeline sends its metrics."
  type        = string
}

variable "state_machines" {
  description = "ARNs by pipeline."
  type        = map(string)
}

variable "function_name" {
  description = "The function that does the steps."
  type        = string
}

variable "dead_queue_name" {
  description = "Queue of what could not be started."
  type        = string
}

variable "api_name" {
  description = "The REST API; null: none."
  type        = string
}
