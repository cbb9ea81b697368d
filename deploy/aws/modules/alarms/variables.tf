variable "name" {
  description = "How everything is called that this module makes."
  type        = string
}

variable "alarms" {
  description = "Alarms on the pipeline's own metrics, as deploy/cloudwatch/alarms.json has them."
  type = list(object({
    name               = string
    node_red           = bool
    description        = string
    actions            = list(string)
    ok_actions         = list(string)
    comparison         = string
    threshold          = number
    evaluation_periods = number
    treat_missing_data = string
    queries = list(object({
      id          = string
      expression  = optional(string)
      label       = optional(string)
      return_data = bool
      metric = optional(object({
        namespace  = string
        name       = string
        dimensions = map(string)
        period     = number
        stat       = string
      }))
    }))
  }))
}

variable "pipeline" {
  description = "What the pipeline calls itself in its metrics (YSH_PIPELINE)."
  type        = string
}

variable "nodered" {
  description = "Whether a Node-RED sends metrics, and not only the functions."
  type        = bool
}

variable "namespace" {
  description = "Where the pipeline sends its metrics."
  type        = string
  default     = "YSH/Pipeline"
}

variable "state_machines" {
  description = "ARNs by pipeline."
  type        = map(string)
}

variable "silent_hours" {
  description = "By pipeline with a schedule: hours without a good run after which somebody is told."
  type        = map(number)
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

variable "topic_arn" {
  description = "Where alarms are sent."
  type        = string
}

variable "budget_dollars" {
  description = "US dollars a month, by AWS's own bill; told at 80 % and when the forecast is above. 0: no budget."
  type        = number
}

variable "anomaly_dollars" {
  description = "Told when a day costs so much more than expected; 0: never."
  type        = number
}

variable "emails" {
  description = "Who is told of the bill."
  type        = list(string)
}

variable "tags" {
  description = "On everything."
  type        = map(string)
}
