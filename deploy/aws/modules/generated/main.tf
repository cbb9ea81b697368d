# Without a provider, so that `terraform test` runs it anywhere: the compiler's files with addresses filled in.

terraform {
  required_version = ">= 1.6"
}

locals {
  definitions = {
    for name, one in var.pipelines :
    name => templatefile("${var.generated}/${one.definition}", { StepFunctionArn = var.step_function_arn })
  }
  schedules = {
    for name, one in var.pipelines : name => jsondecode(templatefile("${var.generated}/${one.schedule}", {
      StateMachineArn  = var.state_machine_arns[name]
      SchedulerRoleArn = var.role_arns.scheduler
    })) if one.schedule != null
  }
  rules = {
    for name, one in var.pipelines : name => jsondecode(templatefile("${var.generated}/${one.rule}", merge(
      { for variable in one.rule_variables : variable => var.inbox },
      {
        StateMachineArn = var.state_machine_arns[name]
        EventsRoleArn   = var.role_arns.events
      },
    ))) if one.rule != null
  }
}
