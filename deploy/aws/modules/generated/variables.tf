variable "generated" {
  description = "Folder of what `ysh-pipeline compile --target step-functions` wrote."
  type        = string
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

variable "step_function_arn" {
  description = "What the state machines call."
  type        = string
}

variable "state_machine_arns" {
  description = "By pipeline."
  type        = map(string)
}

variable "role_arns" {
  description = "Roles of the scheduler and of EventBridge."
  type = object({
    scheduler = string
    events    = string
  })
}

variable "inbox" {
  description = "Bucket whose objects start pipelines, where a flow leaves it to the environment."
  type        = string
}
